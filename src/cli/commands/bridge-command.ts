/**
 * `rollcall bridge`: shows the instances of a Consul at a rollcall agent, or those of rollcall at a Consul agent, while machines
 * change over one by one. It speaks to both through the HTTP API that they share, so one of each direction runs.
 */

import { systemClock } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { Bridge, whyFailed } from '../migrate/bridge.ts';
import { introduce } from '../migrate/introduction.ts';
import { INSTANCES, SourceChanges } from '../migrate/source-changes.ts';
import { SOURCE_FLAGS, sourceOf } from '../migrate/source-client.ts';

const DEFAULT_TTL_MS = 30_000;
const SHORTEST_TTL_MS = 6_000;
/** Two heartbeats may be lost before an instance counts as unknown. */
const HEARTBEATS_PER_TTL = 3;

function ttlOf(flags: Flags): number {
  const text = flags.text('ttl');
  if (text === undefined) return DEFAULT_TTL_MS;
  const ms = parseDuration(text);
  if (ms === undefined || ms < SHORTEST_TTL_MS)
    throw new AppError('bad_request', `-ttl: ${text} is no duration of 6s or more`);
  return ms;
}

/** Pass after pass until interrupted; one that fails is told once, until another succeeds. */
async function follow(bridge: Bridge, changes: SourceChanges, input: CommandInput): Promise<void> {
  const { io, interrupted } = input;
  let failing: string | undefined;
  let isFirst = true; // how many there are is said once in any case: none is what a token without rights gets
  while (!interrupted.aborted) {
    try {
      await changes.mark();
      const { shown, added, removed } = await bridge.pass();
      if (isFirst || failing !== undefined || added + removed > 0)
        io.out(`${shown} instances shown, ${added} new, ${removed} removed`);
      failing = undefined;
      isFirst = false;
    } catch (error) {
      const why = whyFailed(error);
      if (why !== failing) io.err(`${why}; trying again`);
      failing = why;
    }
    await changes.next(interrupted);
  }
}

async function run(input: CommandInput): Promise<number> {
  const { flags, io, client, interrupted } = input;
  const ttlMs = ttlOf(flags);
  const sides = { source: sourceOf(flags), target: client() };
  io.out(`${await introduce(sides)}; interrupt when the last machine has changed over`);
  const from = flags.text('from') ?? '';
  const bridge = new Bridge(sides, { from, ttlMs, services: flags.list('service'), clock: systemClock });
  const changes = new SourceChanges(sides.source, INSTANCES, ttlMs / HEARTBEATS_PER_TTL);
  await follow(bridge, changes, { ...input, interrupted });
  await bridge.end();
  io.out('what was shown is taken back');
  return 0;
}

export const command: Command = {
  summary: 'Show the services of a Consul here, or back, while machines change over',
  description:
    'Registers the instances of the side of -from at the agent of -http-addr, under the addresses that they have, each with a TTL check that says what their own checks say. Where the bridge or the side of -from ends without a word, the checks run out: the instances are critical after -ttl and gone ten minutes later. An interrupt takes back what was shown. Two bridges in opposite directions do not disturb each other. Nodes without an agent are copied by "rollcall migrate".',
  flags: [
    ...SOURCE_FLAGS,
    { name: 'service', value: 'NAME', doc: 'Only this service; may be repeated. Default all.' },
    {
      name: 'ttl',
      value: 'DURATION',
      doc: 'How long the last known health of an instance counts when the bridge hears nothing new. At least 6s; default 30s.',
    },
  ],
  isClient: true,
  isLong: true,
  examples: [
    'rollcall bridge -from http://consul:8500',
    'rollcall bridge -from http://127.0.0.1:8500 -http-addr http://consul:8500',
  ],
  run,
};
