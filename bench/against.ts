/**
 * One agent of this checkout against one of another: `node bench/against.ts /path/to/other/checkout [ROUNDS]`.
 *
 * What it costs a single agent that servers, clients and rights have been built around it. Both run at once and take turns
 * in each round; what counts is the median of the rounds' ratios of processor time, because other work on the machine
 * comes and goes.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { type RunningAgent, startAgent } from '../test/support/start-agent.ts';
import { saturate } from './dns-load.ts';
import { cpuMs, median } from './process-cost.ts';

const SECONDS = 2;
const CONNECTIONS = 16;
const INSTANCES = 5;

/** Gives how many requests were answered. */
type Load = (agent: RunningAgent) => Promise<number>;

function overHttp(urlPath: string, write?: { readonly method: string; readonly body: string }): Load {
  return async ({ httpUrl }) => {
    const sent = write ? ['-m', write.method, '-b', write.body] : [];
    const args = [
      '-c',
      String(CONNECTIONS),
      '-d',
      String(SECONDS),
      ...sent,
      '--json',
      `${httpUrl}${urlPath}`,
    ];
    const { stdout } = spawnSync('autocannon', args, { encoding: 'utf8' });
    const result = JSON.parse(stdout) as { requests: { total: number }; non2xx: number };
    if (result.non2xx > 0) throw new Error(`${urlPath}: ${result.non2xx} answers were not 2xx`);
    return result.requests.total;
  };
}

const overDns = (question: string): Load => {
  return async ({ dnsPort }) => (await saturate(dnsPort, [question], SECONDS)).queries;
};

const LOADS: readonly (readonly [string, Load])[] = [
  ['health of a service', overHttp('/v1/health/service/web?passing')],
  ['a key', overHttp('/v1/kv/key')],
  ['a key written', overHttp('/v1/kv/written', { method: 'PUT', body: 'x'.repeat(100) })],
  ['services of the agent', overHttp('/v1/agent/services')],
  ['DNS A', overDns('web.service.consul A')],
  ['DNS SRV', overDns('web.service.consul SRV')],
  ['DNS NXDOMAIN', overDns('no-web.service.consul A')],
];

async function fill({ httpUrl }: RunningAgent): Promise<void> {
  for (let at = 0; at < INSTANCES; at += 1) {
    const Service = { ID: `web-${at}`, Service: 'web', Port: 80 + at };
    const body = JSON.stringify({ Node: `n${at}`, Address: `10.0.0.${at}`, Service });
    await fetch(`${httpUrl}/v1/catalog/register`, { method: 'PUT', body });
  }
  await fetch(`${httpUrl}/v1/kv/key`, { method: 'PUT', body: 'x'.repeat(100) });
}

/** Processor time in µs for each request. */
async function costOf(agent: RunningAgent, load: Load): Promise<number> {
  const before = cpuMs(agent.pid);
  const requests = await load(agent);
  return ((cpuMs(agent.pid) - before) * 1_000) / requests;
}

/** Both agents under one load, in turns. */
async function compare(agents: readonly [RunningAgent, RunningAgent], load: Load, rounds: number) {
  const [here, there]: [number[], number[]] = [[], []];
  for (const agent of agents) await load(agent); // what is new to an engine is slow
  for (let round = 0; round < rounds; round += 1) {
    const isFirst = round % 2 === 0;
    if (isFirst) here.push(await costOf(agents[0], load));
    there.push(await costOf(agents[1], load));
    if (!isFirst) here.push(await costOf(agents[0], load));
  }
  const ratios = here.map((cost, round) => cost / (there[round] as number));
  return { here: median(here), there: median(there), ratio: median(ratios) };
}

async function main(): Promise<void> {
  const [other = '', rounds = '5'] = process.argv.slice(2);
  const config = { log_level: 'ERR' };
  const own = await startAgent({ config });
  const theirs = await startAgent({ config, launcher: path.resolve(other, 'bin/rollcall.js') });
  try {
    for (const agent of [own, theirs]) await fill(agent);
    for (const [name, load] of LOADS) {
      const { here, there, ratio } = await compare([own, theirs], load, Number(rounds));
      const costs = `${here.toFixed(1)} µs here, ${there.toFixed(1)} µs there`;
      console.log(`${name.padEnd(24)} ${costs}, ratio ${ratio.toFixed(3)}`);
    }
  } finally {
    await own.stop();
    await theirs.stop();
  }
}

await main();
