/**
 * What pages of other web sites must not make a browser do here, which is inside the walls where they are not.
 *
 * A site can have its own name lead to 127.0.0.1 and then ask as if this server were it (DNS rebinding): over loopback,
 * names that are neither addresses nor the agent's own are refused. And a site can send forms and scripts' requests to any
 * address, though it cannot read the answers: writes that a browser says come from elsewhere are refused, whatever their
 * content type. Programs that are no browsers send none of the headers that are looked at here.
 */
import { isIP } from 'node:net';
import type { HttpConfig, LiveHttpConfig } from '../http-parts.ts';

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A host without its port, lower case: `[::1]:8500` is `::1`. */
function nameOf(host: string): string {
  const [, bracketed, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.toLowerCase()) ?? [];
  return bracketed ?? name.replace(/\.$/, '');
}

function isLoopback(address: string): boolean {
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : address;
  return mapped === '::1' || mapped.startsWith('127.');
}

/** A name is the agent's own when it is listed; one that begins with a dot stands for all names below it. */
function isOwnName(name: string, own: readonly string[]): boolean {
  return own.some((known) => (known.startsWith('.') ? name.endsWith(known) : name === known));
}

/** Browsers say of every request where it comes from; older ones, and all of them without TLS, only by `Origin`. */
function isFromElsewhere({ headers }: BrowserRequest, allowedOrigin: string | undefined): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (origin !== undefined && origin === allowedOrigin) return false;
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  if (origin === undefined) return false;
  return origin.toLowerCase().split('://')[1] !== headers.host?.toLowerCase();
}

function allowedOriginOf({ responseHeaders }: LiveHttpConfig): string | undefined {
  return Object.entries(responseHeaders).find(
    ([name]) => name.toLowerCase() === 'access-control-allow-origin',
  )?.[1];
}

/** What is looked at of a request. */
export interface BrowserRequest {
  readonly method?: string | undefined;
  readonly headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly 'sec-fetch-site'?: string | readonly string[] | undefined;
  };
  readonly socket: { readonly localAddress?: string | undefined };
}

/** Why a request is refused; undefined when it is not. */
export type BrowserRule = (request: BrowserRequest) => string | undefined;

/** The rule for an agent. The origin that `Access-Control-Allow-Origin` names may write too; `*` names none. */
export function browserRule({ hostNames }: HttpConfig, live: () => LiveHttpConfig): BrowserRule {
  const own = hostNames.map((name) => name.toLowerCase());
  let latestTaken = '';

  function isTakenHost(host: string, { localAddress }: BrowserRequest['socket']): boolean {
    if (host === latestTaken || host === '') return true;
    const name = nameOf(host);
    const isKnown = isIP(name) !== 0 || isOwnName(name, own);
    if (isKnown) latestTaken = host;
    return isKnown || localAddress === undefined || !isLoopback(localAddress);
  }

  return (request) => {
    const { headers, method = '', socket } = request;
    const { host = '' } = headers;
    if (!isTakenHost(host, socket))
      return `This agent has no name ${JSON.stringify(nameOf(host))}: add it to http_config.allowed_hosts, or ask by address`;
    if (READING.has(method) || !isFromElsewhere(request, allowedOriginOf(live()))) return undefined;
    return 'Writes that come from pages of other origins are refused';
  };
}
