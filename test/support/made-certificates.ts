/**
 * Certificates that are made for a test: an authority, and what it signs, as texts.
 */
import { systemRandom } from '../../src/lib/random.ts';
import {
  type CertificateAndKey,
  createAuthority,
  createCertificate,
} from '../../src/tls/create-certificate.ts';

const DAY_MS = 86_400_000;

function validity(days: number) {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) };
}

export interface MadeAuthority {
  readonly certificate: string;
  /** A certificate for both ends of a connection. */
  sign(
    names: { readonly dnsNames: readonly string[]; readonly ipAddresses?: readonly string[] },
    days?: number,
  ): Promise<CertificateAndKey>;
}

export async function makeAuthority(): Promise<MadeAuthority> {
  const authority = await createAuthority({ ...validity(30), random: systemRandom, permittedNames: [] });
  return {
    certificate: authority.certificate,
    sign: ({ dnsNames, ipAddresses = [] }, days = 30) =>
      createCertificate(
        {
          ...validity(days),
          random: systemRandom,
          commonName: dnsNames[0] ?? 'agent',
          dnsNames,
          ipAddresses,
          isForAgents: true,
        },
        authority,
      ),
  };
}
