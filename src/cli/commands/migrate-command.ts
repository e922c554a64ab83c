/**
 * `rollcall migrate`: copies what a Consul (or a rollcall) holds to another, through the HTTP API that both speak; so the way
 * back is the same command with both addresses exchanged.
 */
import { hintOf } from '../../lib/nearest.ts';
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { aclCollections } from '../migrate/acl-collections.ts';
import type { Collection } from '../migrate/collection.ts';
import { introduce } from '../migrate/introduction.ts';
import { keyCollection } from '../migrate/key-collection.ts';
import { isComplete, renderChange, renderReport } from '../migrate/migration-report.ts';
import { nodeCollection } from '../migrate/node-collection.ts';
import { type PassOptions, pass, type Sides } from '../migrate/pass.ts';
import { queryCollection } from '../migrate/query-collection.ts';
import { COPIED, SourceChanges } from '../migrate/source-changes.ts';
import { SOURCE_FLAGS, sourceOf } from '../migrate/source-client.ts';
import { unmigrated } from '../migrate/unmigrated.ts';

/** By the words of -only, in the order in which one needs another. */
const KINDS: Readonly<Record<string, readonly Collection[]>> = {
  acl: aclCollections,
  nodes: [nodeCollection],
  queries: [queryCollection],
  keys: [keyCollection],
};

function kindsOf(flags: Flags): readonly Collection[] {
  const words = flags.text('only')?.split(',') ?? Object.keys(KINDS);
  const unknown = words.find((word) => !Object.hasOwn(KINDS, word));
  if (unknown !== undefined)
    throw new AppError(
      'bad_request',
      `-only: ${unknown} is none of ${Object.keys(KINDS).join(', ')}${hintOf(unknown, Object.keys(KINDS))}`,
    );
  return Object.entries(KINDS).flatMap(([word, collections]) => (words.includes(word) ? collections : []));
}

/** Whether the source can be read again; one that does not answer is waited for. Throws when it lost what it had. */
async function isReady(changes: SourceChanges): Promise<boolean> {
  const isSame = await changes.mark().catch((error: unknown) => {
    if (error instanceof AppError) return undefined;
    throw error;
  });
  if (isSame === false)
    throw new AppError(
      'bad_request',
      'the source began anew with less than it had; nothing was removed here',
    );
  return isSame === true;
}

async function follow(
  { io, interrupted }: CommandInput,
  {
    collections,
    sides,
    changes,
    options,
  }: {
    readonly collections: readonly Collection[];
    readonly sides: Sides;
    readonly changes: SourceChanges;
    readonly options: PassOptions;
  },
): Promise<number> {
  io.err('following; interrupt when the source is no longer written to');
  while (!interrupted.aborted) {
    await changes.next(interrupted);
    if (interrupted.aborted) break;
    if (!(await isReady(changes))) continue;
    const said = renderChange(await pass(collections, sides, options));
    if (said !== undefined) io.out(said);
  }
  return 0;
}

async function run(input: CommandInput): Promise<number> {
  const { flags, io, client, interrupted } = input;
  const isDryRun = flags.isOn('dry-run');
  const collections = kindsOf(flags);
  const sides: Sides = { source: sourceOf(flags), target: client() };
  io.out(`${await introduce(sides)}${isDryRun ? '; nothing is written' : ''}\n`);
  const options: PassOptions = { isDryRun, seen: new Map(), interrupted };
  const changes = new SourceChanges(sides.source, COPIED);
  await changes.mark();
  const outcomes = await pass(collections, sides, options);
  io.out(renderReport(outcomes, await unmigrated(sides.source)));
  if (flags.isOn('follow') && !isDryRun) return follow(input, { collections, sides, changes, options });
  return isComplete(outcomes) ? 0 : 1;
}

export const command: Command = {
  summary: 'Copy what a Consul holds to this agent, or back',
  description:
    'Copies keys, prepared queries, nodes without an agent, and access control where the tokens allow it, from the agent of -from to that of -http-addr. Only differences are written, and what the source never had is left alone, so it can be repeated. Locks and sessions stay behind: whoever holds one makes a new one. For the way back, exchange the addresses.',
  flags: [
    ...SOURCE_FLAGS,
    { name: 'only', value: 'KINDS', doc: 'Some of acl,nodes,queries,keys. Default all.' },
    { name: 'dry-run', doc: 'Write nothing, say what would be.' },
    { name: 'follow', doc: 'Go on copying changes, removals too, until interrupted.' },
  ],
  isClient: true,
  isLong: true,
  examples: [
    'rollcall migrate -from http://consul:8500 -dry-run',
    'rollcall migrate -from http://consul:8500 -from-token-file consul.token -follow',
    'rollcall migrate -from http://127.0.0.1:8500 -http-addr http://consul:8500 -only keys',
  ],
  run,
};
