// The certificate by which the operator signs in to Microsoft Entra ID, from the file that a vault's config names.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CredentialsError } from '../credentials-error.ts';

export interface Certificate {
  key: KeyObject;
  /** SHA-256 of the certificate, base64url: how Entra ID finds it. */
  thumbprint: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/;
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/;

/** Read each time: what is mounted from a Secret is rotated in place. No error quotes the file. */
export async function readCertificate(path: string): Promise<Certificate> {
  const text = await readFile(path, 'latin1').catch((cause: unknown) => {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new CredentialsError('missing', `the certificate ${path} cannot be read: ${code}`);
  });
  const certificate = CERTIFICATE.exec(text)?.[0];
  const key = KEY.exec(text)?.[0];
  if (certificate === undefined || key === undefined) {
    throw new CredentialsError(
      'invalid',
      `${path} must hold a certificate and its private key as PEM (openssl pkcs12 -nodes makes that of a PFX file)`,
    );
  }
  return parse(certificate, key, path);
}

function parse(certificate: string, pem: string, path: string): Certificate {
  try {
    const { raw } = new X509Certificate(certificate);
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'rsa') throw new Error('not RSA');
    return { key, thumbprint: createHash('sha256').update(raw).digest('base64url') };
  } catch {
    throw new CredentialsError('invalid', `${path} holds no usable RSA key and certificate`);
  }
}
