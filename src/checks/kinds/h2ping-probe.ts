/**
 * HTTP/2 PING checks: passing when the target answers a PING frame (RFC 9113 §6.7). With TLS unless switched off.
 */
import type { Probe } from '../check.ts';
import type { Dial } from '../dial.ts';
import { splitHostPort } from '../host-port.ts';
import { withHttp2 } from '../http2-session.ts';

/** A probe of kind h2ping. */
export function h2pingProbe(dial: Dial): Probe<'h2ping'> {
  return ({ address, useTls, tls }, limits) => {
    const target = splitHostPort(address);
    if ('fault' in target)
      return Promise.resolve({
        status: 'critical',
        output: `Failed to dial to ${address}: dial tcp: ${target.fault}`,
      });
    return withHttp2(dial, limits, {
      target,
      tls: useTls ? tls : undefined,
      onFault: (fault = 'context deadline exceeded', isDial) => ({
        status: 'critical',
        output: isDial ? `Failed to dial to ${address}: ${fault}` : `HTTP2 ping failed: ${fault}`,
      }),
      use: (session, done) => {
        session.ping((error) => {
          if (error) done({ status: 'critical', output: `HTTP2 ping failed: ${error.message}` });
          else done({ status: 'passing', output: 'HTTP2 ping was successful' });
        });
      },
    });
  };
}
