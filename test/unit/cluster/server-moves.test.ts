/** When a client agent leaves a server for another one while the connection stands. */
import { expect, test } from 'vitest';
import type { ServerPlace } from '../../../src/cluster/agent-messages.ts';
import { type ServerConnection, ServerLink } from '../../../src/cluster/server-link.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { CallEnd, RpcAddress } from '../../../src/rpc/rpc-connection.ts';
import { agentOn } from '../../support/cluster-rows.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const PLACES: readonly ServerPlace[] = ['one', 'two'].map((name) => ({ name, host: name, port: 1 }));
const BROKEN: CallEnd = { kind: 'unknown', why: 'the connection broke' };

/** A link to two servers of which some are silent; a connection to one of those that are asked for is never answered. */
async function stand() {
  const clock = manualClock();
  const silentSinceMs = new Map<string, number>();
  const closed: string[] = [];
  const connect = ({ host }: RpcAddress): ServerConnection => ({
    call: (_method, _request, { onMessage, signal } = {}) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(BROKEN));
        if (!silentSinceMs.has(host))
          void onMessage?.({ kind: 'welcome', server: host, index: 1, catalog: 'one' });
      }),
    close: () => void closed.push(host),
    takeRoundTripMs: () => undefined,
    get silentMs() {
      const sinceMs = silentSinceMs.get(host);
      return sinceMs === undefined ? 0 : clock.monotonic() - sinceMs;
    },
  });
  const welcomed: string[] = [];
  const link = new ServerLink({
    agent: () => agentOn('c1'),
    joinAddresses: async () => [],
    remembered: PLACES,
    onServers: () => {},
    retryMs: 1_000,
    maxRounds: 0,
    onGivenUp: () => {},
    connect,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    onWelcome: ({ server }) => void welcomed.push(server),
    onLost: () => {},
    onMessage: () => {},
  });
  link.start();
  await clock.advanceAndSettle(0);
  const fallSilent = (server: string): void => void silentSinceMs.set(server, clock.monotonic());
  const speak = (server: string): void => void silentSinceMs.delete(server);
  return { clock, link, welcomed, closed, fallSilent, speak };
}

const otherOf = (server: string | undefined): string => (server === 'one' ? 'two' : 'one');

test('a server that falls silent is left before the leader takes the agent for failed', async () => {
  const { clock, link, fallSilent, closed } = await stand();
  const first = link.server ?? '';
  await clock.advanceAndSettle(30_000);
  fallSilent(first);
  await clock.advanceAndSettle(1_500);
  expect(link.server).toBe(first);
  await clock.advanceAndSettle(300);
  expect(link.server).toBe(otherOf(first));
  await clock.advanceAndSettle(20_000);
  expect(closed).toEqual([first]);
});

test('a server that speaks again before another has taken the agent is kept', async () => {
  const { clock, link, welcomed, fallSilent, speak } = await stand();
  const first = link.server ?? '';
  for (const server of ['one', 'two']) fallSilent(server);
  await clock.advanceAndSettle(1_700);
  for (const server of ['one', 'two']) speak(server);
  await clock.advanceAndSettle(10_000);
  expect([link.server, welcomed]).toEqual([first, [first]]);
});

test('an agent that has moved once moves again, every few minutes', async () => {
  const { clock, welcomed } = await stand();
  await clock.advanceAndSettle(40 * 60_000);
  expect(welcomed.length).toBeGreaterThan(8);
  expect(welcomed.every((server, at) => at === 0 || server === otherOf(welcomed[at - 1]))).toBe(true);
});
