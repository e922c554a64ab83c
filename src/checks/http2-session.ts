/**
 * One HTTP/2 connection for one probe, with its end guaranteed.
 *
 * `use` gets a connected session and settles the probe by calling `done`; errors and the time limit settle it too,
 * whichever comes first. The connection is torn down in any case.
 */

import http2 from 'node:http2';
import { addressText } from '../lib/address-text.ts';
import type { ProbeTls } from '../model/types.ts';
import type { ProbeLimits, ProbeResult } from './check.ts';
import type { Dial } from './dial.ts';
import type { HostPort } from './host-port.ts';
import { socketFault } from './socket-fault.ts';

export interface Http2Use {
  readonly target: HostPort;
  readonly tls: ProbeTls | undefined;
  /** Say an error before the connection stood (`isDial`) or after; without one, the time was up. */
  readonly onFault: (fault: string | undefined, isDial: boolean) => ProbeResult;
  readonly use: (session: http2.ClientHttp2Session, done: (result: ProbeResult) => void) => void;
}

/** Connect, use, close. Never rejects. */
export function withHttp2(dial: Dial, limits: ProbeLimits, what: Http2Use): Promise<ProbeResult> {
  const { target, tls, onFault, use } = what;
  return new Promise((resolve) => {
    const socket = dial(target, { tls, alpn: ['h2'] });
    let isDial = true;
    let session: http2.ClientHttp2Session | undefined;
    const done = (result: ProbeResult): void => {
      limits.signal.removeEventListener('abort', onAbort);
      session?.destroy();
      socket.destroy();
      resolve(result);
    };
    const fail = (error: Error): void => done(onFault(socketFault(error, target), isDial));
    const onAbort = (): void => done(onFault(undefined, isDial));
    limits.signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', fail);
    const begin = (): void => {
      isDial = false;
      const authority = addressText(target.host, target.port);
      session = http2.connect(`${tls ? 'https' : 'http'}://${authority}`, {
        createConnection: () => socket,
        // A probe pushes and is pushed nothing.
        settings: { enablePush: false },
      });
      session.on('error', fail);
      session.once('close', () => fail(new Error('connection closed')));
      use(session, done);
    };
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      try {
        begin();
      } catch (error) {
        // What node:http2 does not take must not be thrown at the event loop.
        fail(error as Error);
      }
    });
    if (limits.signal.aborted) onAbort();
  });
}
