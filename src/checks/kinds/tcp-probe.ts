/**
 * TCP checks: passing when a connection comes about, with TLS when its handshake is done too. Nothing is sent.
 */
import { addressText } from '../../lib/address-text.ts';
import type { Probe, ProbeResult } from '../check.ts';
import type { Dial } from '../dial.ts';
import { splitHostPort } from '../host-port.ts';
import { socketFault } from '../socket-fault.ts';

/** A probe of kind tcp. */
export function tcpProbe(dial: Dial): Probe<'tcp'> {
  return ({ address, useTls, tls }, { signal }) => {
    const target = splitHostPort(address);
    if ('fault' in target) return Promise.resolve(critical(`dial tcp: ${target.fault}`));
    return new Promise((resolve) => {
      const socket = dial(target, { tls: useTls ? tls : undefined });
      const settle = (result: ProbeResult): void => {
        signal.removeEventListener('abort', onAbort);
        socket.destroy();
        resolve(result);
      };
      const onAbort = (): void =>
        settle(critical(`dial tcp ${addressText(target.host, target.port)}: i/o timeout`));
      socket.on('error', (error) => settle(critical(socketFault(error, target))));
      socket.once(useTls ? 'secureConnect' : 'connect', () =>
        settle({ status: 'passing', output: `TCP connect ${address}: Success` }),
      );
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  };
}

function critical(output: string): ProbeResult {
  return { status: 'critical', output };
}
