/** Readers that ask for much and do not read, and many large questions on one connection. */
import type { RunningAgent } from '../../test/support/start-agent.ts';
import type { Attack } from './harness.ts';
import { connect, putAll, type RawConnection, send, until, write } from './requests.ts';

/** Twenty values of half a megabyte: a recursive read of them is an answer of some 13 MB. */
async function fillKeys(agent: RunningAgent, size: number): Promise<void> {
  const value = Buffer.alloc(500_000, 'v');
  const count = Math.max(2, Math.round(20 * size));
  await putAll(
    agent,
    Array.from({ length: count }, (_, i) => [`/v1/kv/large/${i}`, value] as const),
  );
}

const question = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** How long a client that comes now waits for a small answer. */
async function newcomer(agent: RunningAgent): Promise<string> {
  const startedMs = performance.now();
  const { status } = await send(agent, 'GET', '/v1/status/leader');
  return `a newcomer waits ${Math.round(performance.now() - startedMs)} ms for ${status}`;
}

const closers = (connections: readonly RawConnection[]) => () => {
  for (const { socket } of connections) socket.destroy();
};

function unread(name: string, path: (i: number) => string): Attack {
  return {
    name,
    prepare: fillKeys,
    async strike(agent, size, hold) {
      const connections = await Promise.all(
        Array.from({ length: Math.round(150 * size) }, () => connect(agent, { reads: false })),
      );
      hold(closers(connections));
      await Promise.all(connections.map((each, i) => write(each, question(path(i)))));
      const answered = await newcomer(agent);
      await until(() => false, 8_000 * size);
      return answered;
    },
  };
}

export const unreadAttacks: readonly Attack[] = [
  unread('150 readers of one address do not read a 13 MB answer', () => '/v1/kv/large?recurse'),
  unread('150 readers, each with a URL of its own', (i) => `/v1/kv/large?recurse&${i}`),
  {
    name: '100 pipelined large GETs on one connection',
    prepare: fillKeys,
    async strike(agent, size, hold) {
      const connection = await connect(agent, { reads: false });
      hold(closers([connection]));
      const count = Math.round(100 * size);
      await write(connection, question('/v1/kv/large?recurse&pretty').repeat(count));
      const answered = await newcomer(agent);
      await until(() => false, 8_000 * size);
      return answered;
    },
  },
];
