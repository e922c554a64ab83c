/**
 * Headers of HTTP checks: defaults, what is refused, what another site does not get.
 *
 * Names and values that could smuggle a second request are refused. Headers that say where a message ends, or how the
 * connection goes on, are left out: this agent writes them itself.
 */
import { RequestFault } from './request-fault.ts';

/** Lower-case name → values. */
export type Headers = Readonly<Record<string, readonly string[]>>;

const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const SECRET: ReadonlySet<string> = new Set(['authorization', 'cookie', 'cookie2', 'www-authenticate']);

const DEFAULTS: Headers = {
  'user-agent': ['Consul Health Check'],
  accept: ['text/plain, text/*, */*'],
};

/** RFC 9110 §5.6.2 */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u;

/** Whether a text has only characters that a field value may have (RFC 9110 §5.5; no line ends, no NUL). */
function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) return false;
  }
  return true;
}

/** Throws RequestFault for a method that is no token. */
export function checkMethod(method: string): void {
  if (!TOKEN.test(method)) throw new RequestFault(`net/http: invalid method ${JSON.stringify(method)}`);
}

/** The headers of a check with the defaults. Throws RequestFault; `operation` begins its text. */
export function requestHeaders(given: Headers, operation: string): Headers {
  // without a prototype, because `__proto__` is a name of a header as any other
  const headers: Record<string, readonly string[]> = Object.assign(Object.create(null), DEFAULTS);
  for (const [name, values] of Object.entries(given)) {
    if (!TOKEN.test(name))
      throw new RequestFault(`${operation}: net/http: invalid header field name ${JSON.stringify(name)}`);
    const bad = values.find((value) => !isFieldValue(value));
    if (bad !== undefined)
      throw new RequestFault(
        `${operation}: net/http: invalid header field value ${JSON.stringify(bad)} for key ${name}`,
      );
    const key = name.toLowerCase();
    if (!FRAMING.has(key) && values.length > 0) headers[key] = values;
  }
  return headers;
}

/** What goes along to the target of a redirect: no secrets and no `Host` for another site. */
export function redirectedHeaders(headers: Headers, from: URL, to: URL): Headers {
  if (from.host === to.host) return headers;
  const isWithin = to.hostname === from.hostname || to.hostname.endsWith(`.${from.hostname}`);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'host' && (isWithin || !SECRET.has(name))),
  );
}
