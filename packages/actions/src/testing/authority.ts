// A root, an intermediate below it, and a server's certificate for 127.0.0.1 below that; all as PEM.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Authority {
  root: string;
  intermediate: string;
  /** The server's certificate, followed by the intermediate one. */
  chain: string;
  key: string;
}

export async function anAuthority(): Promise<Authority> {
  const now = Date.now();
  const valid = { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + DAY_MS) };
  const newKeys = () => globalThis.crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const [top, middle, leaf] = [await newKeys(), await newKeys(), await newKeys()];
  const isAuthority = [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
  ];
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...valid,
    serialNumber: '01',
    name: 'CN=root',
    signingAlgorithm: ALGORITHM,
    keys: top,
    extensions: isAuthority,
  });
  const intermediate = await x509.X509CertificateGenerator.create({
    ...valid,
    serialNumber: '02',
    subject: 'CN=intermediate',
    issuer: 'CN=root',
    signingAlgorithm: ALGORITHM,
    publicKey: middle.publicKey,
    signingKey: top.privateKey,
    extensions: isAuthority,
  });
  const server = await x509.X509CertificateGenerator.create({
    ...valid,
    serialNumber: '03',
    subject: 'CN=server',
    issuer: 'CN=intermediate',
    signingAlgorithm: ALGORITHM,
    publicKey: leaf.publicKey,
    signingKey: middle.privateKey,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  const key = await globalThis.crypto.subtle.exportKey('pkcs8', leaf.privateKey);
  return {
    root: root.toString('pem'),
    intermediate: intermediate.toString('pem'),
    chain: `${server.toString('pem')}\n${intermediate.toString('pem')}`,
    key: x509.PemConverter.encode(key, 'PRIVATE KEY'),
  };
}
