// A certificate authority for one run and the server certificate that it signs. No key leaves memory.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export interface ServerTls {
  /** PEM, as are the others. For clients: the only one that signs for this service. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const { subtle } = globalThis.crypto;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const VALID_MS = 365 * 24 * 60 * 60 * 1000;
/** The machine's clock may be set back a little after the start. */
const SKEW_MS = 60 * 60 * 1000;
const NAMES = ['localhost', '127.0.0.1', '::1'];

/** `hosts`: names and addresses under which it is reached, beside those of this machine. */
export async function createTls(now: number, hosts: readonly string[] = []): Promise<ServerTls> {
  const [authority, server] = await Promise.all([generateKeys(), generateKeys()]);
  const valid = { notBefore: new Date(now - SKEW_MS), notAfter: new Date(now + VALID_MS) };
  const name = 'CN=muster-simulator-ca';
  const common = { ...valid, signingAlgorithm: ALGORITHM };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: '01',
    name,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const cert = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: '02',
    subject: 'CN=muster-simulator',
    issuer: name,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      new x509.SubjectAlternativeNameExtension([...new Set([...NAMES, ...hosts])].map(alternative)),
    ],
  });
  const key = await subtle.exportKey('pkcs8', server.privateKey);
  return {
    ca: ca.toString('pem'),
    cert: cert.toString('pem'),
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
  };
}

interface Keys {
  publicKey: webcrypto.CryptoKey;
  privateKey: webcrypto.CryptoKey;
}

const generateKeys = async (): Promise<Keys> =>
  subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

const alternative = (value: string): { type: 'ip' | 'dns'; value: string } => ({
  type: isIP(value) === 0 ? 'dns' : 'ip',
  value,
});
