/**
 * Cipher suites by the names that configurations use (IANA), told to OpenSSL by the names that it knows.
 *
 * What nobody should want any more (RC4, 3DES) has no row and is refused by name. Suites of TLS 1.3 cannot be chosen, as in
 * Consul; they are always offered. To add one: a row.
 */
import { refuse } from '../model/errors.ts';

const SUITES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
};

const OF_TLS_13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

/** Forward secrecy and authenticated encryption only: the first six rows. */
const PINNED = Object.values(SUITES).slice(0, 6);
/** What TLS 1.0 and 1.1 know. OpenSSL gives them out only below its lowest level of security. */
const ANCIENT = [
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-SHA',
  'AES256-SHA',
  '@SECLEVEL=0',
];

/** What HTTP/2 has to be offered (RFC 9113 §9.2.2), by either kind of key. */
const OF_HTTP_2 = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'];

export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

function openSslName(name: string): string {
  const known = SUITES[name.trim()];
  return known ?? refuse('config_invalid', `tls_cipher_suites: unsupported cipher ${JSON.stringify(name)}`);
}

/** The list for OpenSSL: the named suites, or the pinned ones for ''. Throws config_invalid naming what it does not know. */
export function cipherList(names: string, minVersion: TlsVersion): string {
  const chosen = names.trim() === '' ? PINNED : names.split(',').map(openSslName);
  const isAncient = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
  if (minVersion !== 'TLSv1.3' && !chosen.some((name) => OF_HTTP_2.includes(name)))
    refuse(
      'config_invalid',
      'tls_cipher_suites: holds none that HTTP/2 requires; add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    );
  return [...OF_TLS_13, ...chosen, ...(isAncient ? ANCIENT : [])].join(':');
}
