import { afterEach, expect, it } from 'vitest';
import type { ServerPlace } from '../../../src/cluster/agent-messages.ts';
import { ServerLink } from '../../../src/cluster/server-link.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import { AppError } from '../../../src/model/errors.ts';
import { type RpcAddress, RpcConnection } from '../../../src/rpc/rpc-connection.ts';
import { type RpcServer, startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { agentOn } from '../../support/cluster-rows.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface TestServer {
  readonly rpc: RpcServer;
  readonly place: ServerPlace;
}

/** A server that takes every agent, or refuses all with this text, and answers `who` with its name. */
async function server(name: string, refusal?: string): Promise<TestServer> {
  const rpc = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: undefined,
    methods: {
      attend: async (_request, call) => {
        if (refusal !== undefined) throw new AppError('invalid_command', refusal);
        await call.send({ kind: 'welcome', server: name, index: 1, catalog: 'one' });
        await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      },
      who: async () => name,
    },
    limits: RPC_LIMITS,
    clock: systemClock,
    log: silentLogger,
  });
  closing.push(() => rpc.close());
  return { rpc, place: { name, host: '127.0.0.1', port: rpc.port } };
}

interface LinkOptions {
  readonly join: readonly RpcAddress[];
  readonly remembered?: readonly ServerPlace[];
  readonly maxRounds?: number;
}

function linkTo({ join, remembered = [], maxRounds = 0 }: LinkOptions) {
  const heard: string[] = [];
  const link = new ServerLink({
    agent: () => agentOn('c1'),
    joinAddresses: async () => join,
    remembered,
    onServers: () => {},
    retryMs: 50,
    maxRounds,
    onGivenUp: () => void heard.push('given up'),
    connect: (address) => new RpcConnection({ address, identity: undefined, clock: systemClock }),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    onWelcome: (welcome) => void heard.push(`welcome ${welcome.server}`),
    onLost: () => void heard.push('lost'),
    onMessage: () => {},
  });
  closing.push(() => link.stop());
  return { link, heard };
}

const nowhere: RpcAddress = { host: '127.0.0.1', port: 1 };

it('the first of the addresses that answers is attended, and asked', async () => {
  const one = await server('one');
  const { link } = linkTo({ join: [nowhere, one.place] });
  link.start();
  await expect.poll(() => link.server).toBe('one');
  expect(await link.call('who', {})).toEqual({ kind: 'answered', value: 'one' });
});

it('when its server ends, another that is known is attended', async () => {
  const [one, two] = [await server('one'), await server('two')];
  const { link, heard } = linkTo({ join: [one.place], remembered: [] });
  link.start();
  await expect.poll(() => link.server).toBe('one');
  const known = linkTo({ join: [nowhere], remembered: [one.place, two.place] });
  known.link.start();
  await expect.poll(() => known.link.isUp).toBe(true);
  const served = known.link.server === 'one' ? one : two;
  await served.rpc.close();
  await expect.poll(() => known.link.server).toBe(served === one ? 'two' : 'one');
  expect(known.heard).toContain('lost');
  expect(heard[0]).toBe('welcome one');
});

it('a server that refuses this agent is left for the next one', async () => {
  const [strict, kind] = [await server('strict', 'the name is taken'), await server('kind')];
  const { link } = linkTo({ join: [strict.place, kind.place] });
  link.start();
  await expect.poll(() => link.server).toBe('kind');
});

it('a call while no server is reached ends soon as unsent, and before the start at once', async () => {
  const { link } = linkTo({ join: [nowhere] });
  const askedMs = performance.now();
  expect(await link.call('who', {})).toMatchObject({ kind: 'unsent' });
  expect(performance.now() - askedMs).toBeLessThan(500);
  link.start();
  expect(await link.call('who', {})).toMatchObject({ kind: 'unsent' });
  expect(performance.now() - askedMs).toBeLessThan(3_000);
});

it('after as many rounds as it may try in vain it gives up, but never once it was taken', async () => {
  const { link, heard } = linkTo({ join: [nowhere], maxRounds: 2 });
  link.start();
  await expect.poll(() => heard).toContain('given up');
  const one = await server('one');
  const taken = linkTo({ join: [one.place], maxRounds: 1 });
  taken.link.start();
  await expect.poll(() => taken.link.isUp).toBe(true);
  await one.rpc.close();
  await expect.poll(() => taken.heard).toContain('lost');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(taken.heard).not.toContain('given up');
});

it('an address that is joined at run time is tried at once', async () => {
  const one = await server('one');
  const { link } = linkTo({ join: [nowhere] });
  link.start();
  expect(await link.join([one.place], 4_000)).toBe(true);
  expect(link.server).toBe('one');
});
