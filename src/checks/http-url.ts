/**
 * URLs of HTTP checks: what is accepted, and Consul's words for what is not.
 *
 * The path and query that go on the wire are percent-encoded by the parser, so a URL cannot carry a line end.
 */
import { RequestFault } from './request-fault.ts';

/** `Get`, `Post`: how error texts begin. */
export function operationOf(method: string): string {
  return method.slice(0, 1) + method.slice(1).toLowerCase();
}

/** An http or https URL. Throws RequestFault. */
export function parseUrl(text: string, operation: string): URL {
  const quoted = JSON.stringify(text);
  if (text.startsWith(':')) throw new RequestFault(`parse ${quoted}: missing protocol scheme`);
  const [, given, rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/isu.exec(text) ?? [];
  if (/^[\d.]+:/u.test(text) || (given !== undefined && /^\d/u.test(rest)))
    throw new RequestFault(`parse ${quoted}: first path segment in URL cannot contain colon`);
  const scheme = given?.toLowerCase() ?? '';
  if (scheme !== 'http' && scheme !== 'https')
    throw new RequestFault(`${operation} ${quoted}: unsupported protocol scheme ${JSON.stringify(scheme)}`);
  const url = URL.parse(text);
  if (url === null) throw new RequestFault(`parse ${quoted}: invalid URL`);
  return url;
}

/** A URL as outputs show it: as it was written, a password aside. */
export function shownUrl(text: string): string {
  return text.replace(/^(https?:\/\/[^/?#:@]*):[^/?#@]*@/iu, '$1:xxxxx@');
}
