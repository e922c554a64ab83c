/**
 * What attacks send: whole requests, requests that never end, many at once on one connection; and how they read answers.
 */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { RunningAgent } from '../../test/support/start-agent.ts';

/** One request on a connection of its own; resolves to its status and what it said, cut to a line. */
export function send(
  { httpPort }: Pick<RunningAgent, 'httpPort'>,
  method: string,
  path: string,
  body: Buffer | string = '',
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const length = { 'Content-Length': String(Buffer.byteLength(body)) };
    const options = { host: '127.0.0.1', port: httpPort, method, path, agent: false, headers: length };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8', 0, 60).trim(),
        });
      response.on('end', done).on('error', done);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** How often each text occurs: `200 × 3, 503 × 5`. */
export function tally(texts: readonly (string | number)[]): string {
  const counts = new Map<string | number, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (count === 1 ? `${text}` : `${text} × ${count}`)).join(', ');
}

/** `PUT`s JSON, a few at a time; throws when one is refused. */
export async function putAll(
  agent: RunningAgent,
  requests: readonly (readonly [path: string, body: unknown])[],
): Promise<void> {
  const connections = new http.Agent({ keepAlive: true, maxSockets: 8 });
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const [path, body] = request;
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const status = await new Promise<number>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: agent.httpPort, method: 'PUT', path, agent: connections };
        const sent = http.request(options, (response) =>
          response.resume().on('end', () => resolve(response.statusCode ?? 0)),
        );
        sent.on('error', reject).end(bytes);
      });
      if (status !== 200) throw new Error(`${path} was answered with ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  connections.destroy();
}

/** A connection on which raw octets are sent; what comes back is counted by its status lines. */
export interface RawConnection {
  readonly socket: net.Socket;
  /** Status codes that came so far. */
  readonly statuses: readonly string[];
}

/** The answers of attacks hold no status line in their bodies. */
function countStatuses(socket: net.Socket, statuses: string[]): void {
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1');
    let end = 0;
    for (const found of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
      statuses.push(found[1] ?? '');
      end = found.index + found[0].length;
    }
    rest = text.slice(Math.max(end, text.length - 11));
  });
}

/** Connect, optionally from another loopback address. `reads` false leaves everything in the kernel. */
export async function connect(
  { httpPort }: RunningAgent,
  { from, reads = true }: { readonly from?: string; readonly reads?: boolean } = {},
): Promise<RawConnection> {
  const socket = net.connect({
    host: '127.0.0.1',
    port: httpPort,
    ...(from !== undefined && { localAddress: from }),
  });
  socket.on('error', () => {});
  const statuses: string[] = [];
  if (reads) countStatuses(socket, statuses);
  else socket.pause();
  await once(socket, 'connect');
  return { socket, statuses };
}

/** Write, and wait until the kernel has taken it or the other side has gone. */
export function write({ socket }: RawConnection, octets: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) {
      resolve();
      return;
    }
    const done = (): void => {
      socket.off('close', done);
      resolve();
    };
    socket.once('close', done);
    socket.write(octets, done);
  });
}

/** Resolves when `isDone` holds, or after `maxMs`. */
export async function until(isDone: () => boolean, maxMs: number): Promise<void> {
  const deadline = performance.now() + maxMs;
  while (!isDone() && performance.now() < deadline)
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
}
