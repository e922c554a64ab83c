/**
 * Lines that etcd writes, as lines of the agent's log.
 *
 * etcd writes JSON objects; whatever else comes (a panic of its runtime) is passed on as it is. A sentence that is
 * repeated is written once in a while with a count: a peer that is down makes etcd say so ten times a second. Three
 * findings are told apart by their fields, because somebody must act: a peer of another cluster, a clock that is off, and
 * that this member was taken out.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';

export type MemberFinding =
  /** A peer of another cluster answers at one of the addresses. */
  | { readonly kind: 'other-cluster'; readonly text: string }
  | { readonly kind: 'clock'; readonly text: string }
  /** The others have taken this member out; its data is of no use any more. */
  | { readonly kind: 'removed'; readonly text: string };

export interface MemberLogParts {
  readonly log: Logger;
  readonly clock: Clock;
  readonly onFinding: (finding: MemberFinding) => void;
}

/** The same sentence at most once in this time. */
const REPEAT_MS = 10_000;

/** Sentences that are remembered; etcd has some hundred of them. */
const MAX_REMEMBERED = 500;

/** A line longer than this is cut. */
const MAX_LINE_CHARACTERS = 16_384;

type Entry = Readonly<Record<string, unknown>>;

/** What etcd says about itself that the agent's log has already, or that only etcd's developers read. */
const DROPPED: readonly string[] = ['level', 'ts', 'caller', 'msg', 'stacktrace'];

/** What etcd calls a warning though it is as it should be: a peer that comes or goes, tokens that nobody asks for. */
const DAILY: ReadonlySet<string> = new Set([
  'established TCP streaming connection with remote peer',
  'closed existing TCP streaming connection with remote peer',
  'stopped TCP streaming connection with remote peer',
  'simple token is not cryptographically signed',
]);

function parse(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** What a line means to somebody who can act; undefined for nearly all. */
function findingOf(entry: Entry): MemberFinding | undefined {
  const ours = entry['local-member-cluster-id'];
  const theirs = entry['remote-peer-cluster-id'];
  if (isText(ours) && isText(theirs) && ours !== theirs) {
    const text = `etcd: a peer is of another cluster (${theirs}, this member is of ${ours}): one of the two data directories is of an earlier cluster, or the addresses lead to the wrong servers`;
    return { kind: 'other-cluster', text };
  }
  if (entry['msg'] === 'server error' && String(entry['error']).includes('permanently removed'))
    return { kind: 'removed', text: 'etcd: this member was taken out of the cluster' };
  const drift = entry['clock-drift'];
  if (isText(drift)) {
    const peer = isText(entry['remote-peer-id']) ? ` of peer ${entry['remote-peer-id']}` : '';
    return {
      kind: 'clock',
      text: `etcd: the clocks of this machine and${peer} differ by ${drift}; check NTP`,
    };
  }
  return undefined;
}

function write(log: Logger, level: unknown, fields: object, sentence: string): void {
  if (level === 'error' || level === 'fatal' || level === 'panic' || level === 'dpanic')
    log.error(fields, sentence);
  else if (level === 'warn') log.warn(fields, sentence);
  else log.debug(fields, sentence);
}

interface Repeated {
  readonly sinceMs: number;
  count: number;
}

export class MemberLog {
  readonly #parts: MemberLogParts;
  readonly #repeated = new Map<string, Repeated>();
  #rest = '';
  /** What the last line of level `fatal` gave as the reason. */
  #lastFatal: string | undefined;

  constructor(parts: MemberLogParts) {
    this.#parts = parts;
  }

  /** Why etcd ended, in its own words, when it said so. */
  get lastFatal(): string | undefined {
    return this.#lastFatal;
  }

  /** Text as it comes from etcd's output, in pieces of any size. */
  push(piece: string): void {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS);
    for (const line of lines) if (line.trim() !== '') this.#line(line.slice(0, MAX_LINE_CHARACTERS));
  }

  #line(line: string): void {
    const entry = parse(line);
    if (entry === undefined) {
      // Libraries of etcd write past its log; what they warn of it says itself when it matters.
      const isLibrarys = /^(?:WARNING|INFO): /.test(line);
      write(this.#parts.log, isLibrarys ? 'info' : 'error', {}, `etcd: ${line}`);
      return;
    }
    const finding = findingOf(entry);
    const sentence = String(entry['msg'] ?? '');
    if (entry['level'] === 'fatal' || entry['level'] === 'panic')
      this.#lastFatal = isText(entry['error']) ? entry['error'] : sentence;
    const repeats = this.#repeats(sentence);
    if (repeats === undefined) return;
    if (finding) this.#parts.onFinding(finding);
    const kept = Object.entries(entry).filter(([name]) => !DROPPED.includes(name));
    const fields = { ...Object.fromEntries(kept), ...(repeats > 0 && { repeats }) };
    write(this.#parts.log, DAILY.has(sentence) ? 'info' : entry['level'], fields, `etcd: ${sentence}`);
  }

  /** How often a sentence was left out since it was last written; undefined when it is left out now. */
  #repeats(sentence: string): number | undefined {
    const nowMs = this.#parts.clock.monotonic();
    const known = this.#repeated.get(sentence);
    if (known !== undefined && nowMs - known.sinceMs < REPEAT_MS) {
      known.count += 1;
      return undefined;
    }
    if (this.#repeated.size >= MAX_REMEMBERED) this.#repeated.clear();
    this.#repeated.set(sentence, { sinceMs: nowMs, count: 0 });
    return known?.count ?? 0;
  }
}
