/**
 * A definition as files spell it (snake_case) -> the body that the HTTP API takes (PascalCase).
 *
 * Only keys are translated; values, metadata and headers stay as they are. What a key means, and whether it exists, the
 * agent says.
 */

/** Words that the API writes in capitals, or as one. */
const WORDS: Readonly<Record<string, string>> = {
  id: 'ID',
  http: 'HTTP',
  tcp: 'TCP',
  udp: 'UDP',
  ttl: 'TTL',
  grpc: 'GRPC',
  tls: 'TLS',
  os: 'OS',
  h2ping: 'H2PING',
  ipv4: 'ipv4',
  ipv6: 'ipv6',
};

/** Keys whose API name follows no rule. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  args: 'Args',
  script_args: 'Args',
  grpc_use_tls: 'GRPCUseTLS',
  tcp_use_tls: 'TCPUseTLS',
  h2ping_use_tls: 'H2PingUseTLS',
  deregister_critical_service_after: 'DeregisterCriticalServiceAfter',
};

/** Maps whose keys belong to the user. */
const OPAQUE = new Set(['meta', 'header', 'tagged_addresses', 'config']);

function apiKey(key: string): string {
  if (/[A-Z]/.test(key)) return key;
  const word = (part: string): string => WORDS[part] ?? part.charAt(0).toUpperCase() + part.slice(1);
  return EXCEPTIONS[key] ?? key.split('_').map(word).join('');
}

/** The same document with the API's keys. Never throws. */
export function definitionBody(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(definitionBody);
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      apiKey(key),
      OPAQUE.has(key.toLowerCase()) ? value : definitionBody(value),
    ]),
  );
}
