/**
 * HTTP checks: 2xx passes, 429 warns, everything else is critical. Redirects are followed, ten at most.
 *
 * The time limit covers all requests of one probe. A body that does not end in time is critical, whatever the status
 * line said. Outputs and errors are worded like Consul's.
 */
import type { CheckStatus, ProbeSpec } from '../../model/types.ts';
import type { Probe, ProbeLimits, ProbeResult } from '../check.ts';
import type { Dial } from '../dial.ts';
import { exchange, type HttpAnswer, type HttpRequest } from '../http-exchange.ts';
import { checkMethod, redirectedHeaders, requestHeaders } from '../http-headers.ts';
import { operationOf, parseUrl, shownUrl } from '../http-url.ts';
import { RequestFault } from '../request-fault.ts';

type HttpSpec = Extract<ProbeSpec, { kind: 'http' }>;

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function statusOf(code: number): CheckStatus {
  if (code >= 200 && code <= 299) return 'passing';
  return code === 429 ? 'warning' : 'critical';
}

/** The request that a redirect asks for; its body goes along with 307 and 308 only (RFC 9110 §15.4). */
function redirected(request: HttpRequest, code: number, location: string): HttpRequest {
  const url = URL.parse(location, request.url.href);
  if (url === null) throw new RequestFault(`failed to parse Location header ${JSON.stringify(location)}`);
  parseUrl(url.href, operationOf(request.method));
  const headers = redirectedHeaders(request.headers, request.url, url);
  const keepsMethod = code === 307 || code === 308 || request.method === 'GET' || request.method === 'HEAD';
  return { ...request, url, headers, ...(keepsMethod ? {} : { method: 'GET', body: '' }) };
}

async function follow(dial: Dial, spec: HttpSpec, limits: ProbeLimits): Promise<HttpAnswer> {
  const { method, header, body, tls } = spec;
  checkMethod(method);
  const operation = operationOf(method);
  const shown = shownUrl(spec.url);
  const url = parseUrl(spec.url, operation);
  const headers = requestHeaders(header, `${operation} ${JSON.stringify(shown)}`);
  let request: HttpRequest = { url, method, headers, body, tls };
  for (let redirects = 0; ; redirects += 1) {
    const at = redirects === 0 ? shown : shownUrl(request.url.href);
    const answer = await exchange(dial, request, limits).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new RequestFault(`${operation} ${JSON.stringify(at)}: ${why}`);
    });
    const { code, location } = answer;
    if (spec.disableRedirects || !REDIRECTS.has(code) || location === undefined) return answer;
    if (redirects + 1 >= MAX_REDIRECTS)
      throw new RequestFault(`${operation} ${JSON.stringify(location)}: stopped after 10 redirects`);
    request = redirected(request, code, location);
  }
}

/** A probe of kind http. */
export function httpProbe(dial: Dial): Probe<'http'> {
  return async (spec, limits): Promise<ProbeResult> => {
    try {
      const { code, reason, output } = await follow(dial, spec, limits);
      const line = `HTTP ${spec.method} ${shownUrl(spec.url)}: ${code} ${reason} Output: ${output}`;
      return { status: statusOf(code), output: line };
    } catch (error) {
      if (error instanceof RequestFault) return { status: 'critical', output: error.message };
      throw error;
    }
  };
}
