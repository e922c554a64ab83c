/**
 * UDP checks: an empty datagram is sent. An answer passes, and so does silence until the time is up, because many
 * services do not answer what they do not understand; critical is what the target's machine refuses (ICMP).
 */
import dgram from 'node:dgram';
import { lookup } from 'node:dns';
import type { Probe, ProbeResult } from '../check.ts';
import { splitHostPort } from '../host-port.ts';
import { socketFault } from '../socket-fault.ts';

/** Send an empty datagram; refusals come to `fail`, be they thrown or not. */
function sendNothing(socket: dgram.Socket, ip: string, port: number, fail: (error: Error) => void): void {
  socket.once('connect', () => socket.send('', (error) => error && fail(error)));
  try {
    socket.connect(port, ip);
  } catch (error) {
    fail(error as Error);
  }
}

/** A probe of kind udp. */
export function udpProbe(): Probe<'udp'> {
  return ({ address }, { signal }) => {
    const target = splitHostPort(address);
    if ('fault' in target)
      return Promise.resolve({ status: 'critical', output: `dial udp: ${target.fault}` });
    return new Promise((resolve) => {
      let socket: dgram.Socket | undefined;
      let isSettled = false;
      const settle = (result: ProbeResult): void => {
        if (isSettled) return;
        isSettled = true;
        signal.removeEventListener('abort', onAbort);
        socket?.close();
        resolve(result);
      };
      const pass = (): void => settle({ status: 'passing', output: `UDP connect ${address}: Success` });
      const fail = (error: NodeJS.ErrnoException): void => {
        const isRefused = error.code === 'ECONNREFUSED';
        const output = isRefused
          ? `read udp ${address}: read: connection refused`
          : socketFault(error, target, 'udp');
        settle({ status: 'critical', output });
      };
      // Silence of a target passes; silence of name servers does not.
      const onAbort = (): void => {
        if (socket) pass();
        else settle({ status: 'critical', output: `dial udp: lookup ${target.host}: i/o timeout` });
      };
      signal.addEventListener('abort', onAbort, { once: true });
      lookup(target.host, (error, ip, family) => {
        if (error) fail(error);
        if (isSettled) return;
        socket = dgram.createSocket(family === 6 ? 'udp6' : 'udp4');
        socket.on('error', fail);
        socket.once('message', pass);
        sendNothing(socket, ip, target.port, fail);
      });
      if (signal.aborted) onAbort();
    });
  };
}
