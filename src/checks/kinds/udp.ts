/**
 * UDP checks: an empty datagram is sent. An answer passes, and so does silence until the time is up, because many
 * services do not answer what they do not understand; critical is what the target's machine refuses (ICMP).
 */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Probe, ProbeResult } from '../check.ts';
import { socketFault, splitHostPort } from '../dial.ts';

/** A probe of kind udp. */
export function udpProbe(): Probe<'udp'> {
  return ({ address }, { signal }) => {
    const target = splitHostPort(address);
    if ('fault' in target)
      return Promise.resolve({ status: 'critical', output: `dial udp: ${target.fault}` });
    return new Promise((resolve) => {
      const socket = dgram.createSocket(net.isIPv6(target.host) ? 'udp6' : 'udp4');
      let isSettled = false;
      const settle = (result: ProbeResult): void => {
        if (isSettled) return;
        isSettled = true;
        signal.removeEventListener('abort', pass);
        socket.close();
        resolve(result);
      };
      const pass = (): void => settle({ status: 'passing', output: `UDP connect ${address}: Success` });
      const fail = (error: Error & { code?: string }): void => {
        const isRefused = error.code === 'ECONNREFUSED';
        const output = isRefused
          ? `read udp ${address}: read: connection refused`
          : socketFault(error, target, 'udp');
        settle({ status: 'critical', output });
      };
      socket.on('error', fail);
      socket.once('message', pass);
      socket.once('connect', () => socket.send('', (error) => error && fail(error)));
      signal.addEventListener('abort', pass, { once: true });
      if (signal.aborted) pass();
      else socket.connect(target.port, target.host);
    });
  };
}
