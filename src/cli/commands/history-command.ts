/**
 * `rollcall history`: what changed lately, oldest first as a log reads; -follow goes on with what comes.
 */
import { type Answer, jsonOf, unexpected } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

interface Entry {
  readonly ID: string;
  readonly Index: number;
  readonly Time: string;
  readonly Kind: string;
  readonly Action: string;
  readonly Node?: string;
  readonly Service?: string;
  readonly ServiceID?: string;
  readonly CheckID?: string;
  readonly Name?: string;
  readonly Key?: string;
  readonly Before?: unknown;
  readonly After?: unknown;
  readonly Output?: string;
  readonly More?: number;
  readonly Why?: string;
  readonly By?: { readonly Agent?: string; readonly AccessorID?: string; readonly Address?: string };
}

/** Time in seconds that a question of -follow waits for something new. */
const WAIT_SECONDS = 300;

/** What an entry is about: the check of web-1 on n1. */
function subjectOf({ Kind, Node, Service, ServiceID, CheckID, Name, Key }: Entry): string {
  if (Key !== undefined) return Key;
  if (Kind === 'leader' || (Node === undefined && Name !== undefined)) return Name ?? Node ?? '';
  const instance =
    ServiceID === undefined ? [] : [ServiceID === Service ? Service : `${Service} (${ServiceID})`];
  return [
    ...(CheckID === undefined ? [] : [CheckID]),
    ...instance,
    ...(Node === undefined ? [] : [`on ${Node}`]),
  ]
    .join(' ')
    .trim();
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function changeText({ Before, After, More }: Entry): string {
  if (More !== undefined) return `and ${More} more`;
  if (Before !== undefined && After !== undefined) return `${valueText(Before)} → ${valueText(After)}`;
  return After === undefined ? '' : valueText(After);
}

function originText({ By, Why }: Entry): string {
  const who =
    By === undefined
      ? ''
      : [By.AccessorID, By.Address, By.Agent && `agent ${By.Agent}`].filter(Boolean).join(', ');
  return [who && `by ${who}`, Why].filter(Boolean).join(': ');
}

/** One line for one entry. */
function lineOf(entry: Entry): string {
  const output = entry.Output?.trim().split('\n')[0] ?? '';
  const details = [changeText(entry), output, originText(entry)].filter((text) => text !== '');
  return [`${entry.Time} ${entry.Kind} ${entry.Action}`, subjectOf(entry), ...details].join('  ');
}

async function run(input: CommandInput): Promise<number> {
  const { flags, io, client, interrupted } = input;
  const isJson = wantsJson(flags);
  const about = {
    service: flags.text('service'),
    node: flags.text('node'),
    kind: flags.text('kind'),
    key: flags.text('key'),
  };
  const isFollowing = flags.isOn('follow');
  const print = (entries: readonly Entry[]): void => {
    for (const entry of entries.toReversed()) io.out(isJson ? JSON.stringify(entry) : lineOf(entry));
  };
  const agent = client();
  const ask = async (query: Readonly<Record<string, string | undefined>>): Promise<Answer> => {
    const answer = await agent.request('GET', '/v1/history', {
      query: { ...about, ...query },
      signal: interrupted,
    });
    if (answer.status !== 200) throw unexpected(answer);
    return answer;
  };
  const first = await ask({ since: flags.text('since'), limit: flags.text('limit') });
  let index = String(first.headers['x-consul-index'] ?? '1');
  const entries = jsonOf<readonly Entry[]>(first.body);
  if (isJson && !isFollowing) io.out(JSON.stringify(entries, null, 2));
  else print(entries);
  while (isFollowing && !interrupted.aborted) {
    const next = await ask({ index, since: index, wait: `${WAIT_SECONDS}s`, limit: '1000' }).catch(
      (error: unknown) => {
        if (interrupted.aborted) return undefined;
        throw error;
      },
    );
    if (next === undefined) break;
    print(jsonOf<readonly Entry[]>(next.body));
    index = String(next.headers['x-consul-index'] ?? index);
  }
  return 0;
}

export const command: Command = {
  summary: 'Show what changed, when, and who did it',
  flags: [
    { name: 'since', value: 'TIME', doc: 'Only what is younger: 1h, a time, or an index.' },
    { name: 'service', value: 'NAME', doc: 'Only what is about instances of this service.' },
    { name: 'node', value: 'NAME', doc: 'Only what is about this node and what is on it.' },
    { name: 'kind', value: 'KINDS', doc: 'Only these kinds, such as check,service.' },
    { name: 'key', value: 'KEY', doc: 'Only this key, or, ending in a slash, keys below it.' },
    { name: 'limit', value: 'NUMBER', doc: 'At most so many of the newest entries; 100 when not given.' },
    { name: 'follow', doc: 'Go on with what comes.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  isLong: true,
  examples: ['rollcall history -since 1h', 'rollcall history -service web -kind check -follow'],
  run,
};
