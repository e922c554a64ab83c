/**
 * `rollcall debug`: what somebody needs to see who looks for a fault from afar, in a folder: the configuration without
 * secrets, members, metrics over time, the log meanwhile, and with `enable_debug` profiles of time and memory.
 *
 * Nothing of the catalog's contents is in it but names of nodes, and no token: look through it all the same before it is sent.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import type { Client } from '../client.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { packageVersion } from '../own-version.ts';

/** What is fetched once. */
const ONCE: Readonly<Record<string, string>> = {
  'agent.json': '/v1/agent/self',
  'members.json': '/v1/agent/members',
  'host.json': '/v1/agent/host',
  'autopilot.json': '/v1/operator/autopilot/state',
};
/** Profiles, one after the other, each half of the time; the agent makes none that are longer. */
const PROFILES = ['cpu', 'heap'] as const;
const MAX_PROFILE_MS = 60_000;
const METRICS = '/v1/agent/metrics';
/** A log that is longer is cut; it is meant for minutes. */
const MAX_LOG_BYTES = 64 * 1024 * 1024;

function durationFlag(flags: Flags, name: string, otherwise: string): number {
  const text = flags.text(name) ?? otherwise;
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0)
    throw new AppError('bad_request', `-${name}: ${text} is no duration; write 30s or 2m`);
  return ms;
}

function newFolder(given: string | undefined): string {
  const folder = given ?? `rollcall-debug-${new Date(systemClock.now()).toISOString().replace(/[:.]/g, '-')}`;
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
    return folder;
  } catch (cause) {
    throw new AppError('bad_request', `-output: ${folder}: ${systemErrorText(cause)}`, { cause });
  }
}

/** Write an answer down, whatever it was: a refusal tells something too. */
async function capture(client: Client, url: string, file: string): Promise<string | undefined> {
  const { status, body } = await client.request('GET', url);
  if (status === 200) {
    fs.writeFileSync(file, body, { mode: 0o600 });
    return undefined;
  }
  return `${url}: ${status} ${body.toString('utf8').trim().slice(0, 200)}`;
}

/** The agent's log until the time is over. Never rejects: an agent that dies is what one wants to see. */
async function captureLog(client: Client, file: string, signal: AbortSignal): Promise<void> {
  const output = fs.createWriteStream(file, { mode: 0o600 });
  let bytes = 0;
  try {
    const response = await client.open('GET', '/v1/agent/monitor', { query: { loglevel: 'debug' }, signal });
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_LOG_BYTES) break;
      output.write(chunk);
    }
  } catch {
    // the time is over, or the agent is gone
  }
  await new Promise<void>((resolve) => {
    output.end(resolve);
  });
}

/** Where the time goes, then who allocates. Never rejects. */
async function captureProfiles(
  client: Client,
  folder: string,
  { ms, signal, missing }: { readonly ms: number; readonly signal: AbortSignal; readonly missing: string[] },
): Promise<void> {
  for (const kind of PROFILES) {
    if (signal.aborted) return;
    const url = `/v1/agent/profile?type=${kind}&duration=${Math.floor(ms / PROFILES.length)}ms`;
    const refusal = await capture(client, url, path.join(folder, `agent.${kind}profile`)).catch(String);
    if (refusal !== undefined) missing.push(refusal);
  }
}

async function captureMetrics(
  client: Client,
  folder: string,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; !signal.aborted; at += 1) {
    const name = `metrics-${String(at).padStart(4, '0')}.json`;
    await capture(client, METRICS, path.join(folder, name)).catch(() => {}); // the next one may come again
    await delay(everyMs, undefined, { signal }).catch(() => {});
  }
}

async function run({ flags, io, client: clientOf, interrupted }: CommandInput): Promise<number> {
  const durationMs = durationFlag(flags, 'duration', '2m');
  const everyMs = Math.min(durationFlag(flags, 'interval', '30s'), durationMs);
  const client = clientOf();
  await client.ok('GET', '/v1/agent/self');
  const folder = newFolder(flags.text('output'));
  io.out(`Capturing into ${folder} for ${durationMs / 1_000} s; interrupt to end earlier`);
  const missing: string[] = [];
  for (const [name, url] of Object.entries(ONCE)) {
    const refusal = await capture(client, url, path.join(folder, name));
    if (refusal !== undefined) missing.push(refusal);
  }
  const over = AbortSignal.any([interrupted, AbortSignal.timeout(durationMs)]);
  const profileMs = Math.min(durationMs, MAX_PROFILE_MS);
  await Promise.all([
    captureProfiles(client, folder, { ms: profileMs, signal: over, missing }),
    captureLog(client, path.join(folder, 'agent.log'), over),
    captureMetrics(client, folder, everyMs, over),
  ]);
  const index = {
    version: packageVersion(),
    durationMs,
    intervalMs: everyMs,
    at: new Date(systemClock.now()).toISOString(),
    missing,
  };
  fs.writeFileSync(path.join(folder, 'index.json'), `${JSON.stringify(index, null, 2)}\n`, { mode: 0o600 });
  for (const line of missing) io.err(`not captured: ${line}`);
  io.out(`Saved ${fs.readdirSync(folder).length} files to ${folder}`);
  return 0;
}

export const command: Command = {
  summary: 'Write down what the agent does, for whoever looks for a fault',
  description:
    'Writes a folder with the configuration (secrets hidden), members, metrics over time and the log meanwhile. Metrics and log are captured until the time is over or an interrupt.',
  flags: [
    { name: 'duration', value: 'TIME', doc: 'How long. Default 2m.' },
    { name: 'interval', value: 'TIME', doc: 'Between two readings of the metrics. Default 30s.' },
    { name: 'output', value: 'DIR', doc: 'Folder to make. Default rollcall-debug- and the time.' },
  ],
  isClient: true,
  isLong: true,
  examples: ['rollcall debug -duration=1m', 'rollcall debug -duration=10s -interval=1s -output=/tmp/debug'],
  run,
};
