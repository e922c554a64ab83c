/**
 * Certificates of the conformance corpus: an authority, a server, a client, and a client of a stranger's authority.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SecureSettings } from '../../src/tls/secure-gate.ts';

export const CERTS = fileURLToPath(new URL('../conformance/certs', import.meta.url));

export const certFile = (name: string): string => path.join(CERTS, `${name}.pem`);
export const pem = (name: string): string => fs.readFileSync(certFile(name), 'utf8');

/** Settings of a listener that shows `server`. */
export function secureSettings(more: Partial<SecureSettings> = {}, server = 'server'): SecureSettings {
  return {
    material: { certificate: pem(server), key: pem(`${server}-key`), authorities: [pem('ca')] },
    verifyIncoming: false,
    minVersion: 'TLSv1.2',
    cipherSuites: '',
    ...more,
  };
}
