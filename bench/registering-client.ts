/**
 * Registers services at a steady pace in a process of its own, again and again the same thousand with another port each
 * time, so that every registration is a write. It writes requests as text and only counts answers, because what it costs
 * is taken from the cores that the agent is measured on.
 *
 * Takes `{ port, perSecond }` from its parent; answers each further message with how many were acknowledged since the
 * last.
 */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const INSTANCES = 1_000;
const CONNECTIONS = 16;
const OK = Buffer.from('HTTP/1.1 200 ');

let acknowledged = 0;

/** Requests that fall due while one is under way wait for its answer in the connection, as HTTP/1.1 allows. */
function connect(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf(OK); at >= 0; at = chunk.indexOf(OK, at + OK.length)) acknowledged += 1;
  });
  // The agent stops before this process does.
  socket.on('error', () => socket.destroy());
  return socket;
}

function request(sent: number): string {
  const body = JSON.stringify({ ID: `churn-${sent % INSTANCES}`, Name: 'churn', Port: 1 + (sent % 60_000) });
  const head = `PUT /v1/agent/service/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}`;
  return `${head}\r\n\r\n${body}`;
}

async function register(port: number, perSecond: number): Promise<never> {
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port));
  const startedMs = performance.now();
  for (let sent = 0; ; sent += 1) {
    const waitMs = startedMs + (sent * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await delay(waitMs);
    sockets[sent % CONNECTIONS]?.write(request(sent), 'latin1');
  }
}

process.once('message', ({ port, perSecond }: { port: number; perSecond: number }) => {
  process.on('message', () => {
    process.send?.(acknowledged);
    acknowledged = 0;
  });
  void register(port, perSecond);
});
process.on('disconnect', () => process.exit());
