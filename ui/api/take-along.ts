/**
 * The same question or order as a line for a shell: `dig` at the port where this agent answers DNS, `curl` at the address
 * where this page was loaded from. Words are quoted for a POSIX shell; a token is named, never written out.
 */
import { useApp } from '../app/app.ts';
import { numberIn, textIn } from '../parts/json.ts';
import { shellWord } from '../parts/text.ts';
import { SELF } from './paths.ts';
import type { AgentSelf } from './shapes.ts';
import { useLive } from './use-live.ts';

interface DnsPlace {
  readonly host: string;
  readonly port: number;
  /** Without its last dot. */
  readonly domain: string;
}

/** The DNS port and domain that the agent says it has, or the usual ones. */
function useDnsPlace(): DnsPlace {
  const debug = useLive<AgentSelf>(SELF).data.value?.DebugConfig ?? {};
  const domain = textIn(debug, 'DNSDomain') ?? textIn(debug, 'domain') ?? 'consul.';
  return {
    host: location.hostname === 'localhost' ? '127.0.0.1' : location.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: numberIn(debug, 'DNSPort') ?? numberIn(debug, 'ports.dns') ?? 8600,
    domain: domain.replace(/\.$/, ''),
  };
}

interface Lines {
  readonly domain: string;
  /** `how` are further arguments, such as `+tcp`. */
  dig(name: string, type: string, how?: string): string;
  /** `path` begins with a slash; `options` are curl's and stand before the address as they are. */
  curl(path: string, options?: string): string;
}

export function useLines(): Lines {
  const { settings } = useApp();
  const { host, port, domain } = useDnsPlace();
  const token = settings.token.value === '' ? '' : '-H "X-Consul-Token: $CONSUL_HTTP_TOKEN"';
  const line = (...words: readonly string[]) => words.filter(Boolean).join(' ');
  return {
    domain,
    dig: (name, type, how = '') => line('dig', `@${host} -p ${port}`, shellWord(name), type, how),
    curl: (path, options = '') => line('curl', options, token, shellWord(location.origin + path)),
  };
}
