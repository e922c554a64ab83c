/**
 * How instances were over a stretch of time, out of how they are now and of the notes of what changed. Pure.
 *
 * Begins with the state before the first note (a thing that no note is about was then as it is now) and makes the changes
 * of one note after the other. An instance counts as DNS counts it: the checks of its node and its own, maintenance before
 * critical before warning. What is gone and was never told of is `unknown`, not passing.
 */
import type { HistoryNote } from '../../model/history-types.ts';
import { type AggregatedStatus, SERF_HEALTH } from '../../model/types.ts';
import { nodeKey } from '../tables.ts';

export type PastStatus = AggregatedStatus | 'unknown' | 'absent';

/** From this time on, until the next one. */
export interface Span {
  readonly atMs: number;
  readonly status: PastStatus;
}

/** An instance as it is now; the id '' is the node itself. */
export interface PresentInstance {
  readonly node: string;
  readonly service: string;
  readonly id: string;
  /** Its own checks by id, marks of maintenance among them. */
  readonly checks: ReadonlyMap<string, AggregatedStatus>;
}

export interface Past extends Pick<PresentInstance, 'node' | 'service' | 'id'> {
  /** The newest ones, in the order of time. */
  readonly spans: readonly Span[];
  /** Milliseconds that it was registered, and of these the ones in which DNS answered with it. */
  readonly registeredMs: number;
  readonly upMs: number;
  /** How often it stopped being answered because a check failed. */
  readonly falls: number;
  /** It fell several times within the last hour. */
  readonly isFlapping: boolean;
}

/** Spans of one instance. Turning it up makes answers larger that nobody can draw. */
const MAX_SPANS = 200;
const FLAPPING_FALLS = 3;
const FLAPPING_MS = 3_600_000;
/** Stands for the checks of an instance that nothing is known of. */
const UNTOLD = '';
const MAINTENANCE_MARK = '_maintenance';

interface Track extends Pick<PresentInstance, 'node' | 'service' | 'id'> {
  isThere: boolean;
  readonly checks: Map<string, PastStatus>;
  spans: Span[];
  registeredMs: number;
  upMs: number;
  readonly fellMs: number[];
}

interface Story {
  readonly tracks: Map<string, Track>;
  /** The keys of the tracks on a node. */
  readonly onNode: Map<string, Set<string>>;
}

const keyOf = (node: string, id: string): string => `${nodeKey(node)}\u0000${id}`;

function addTrack(
  { tracks, onNode }: Story,
  named: Pick<Track, 'node' | 'service' | 'id'>,
  isThere: boolean,
): Track {
  const { node, service, id } = named;
  const key = keyOf(node, id);
  const track: Track = {
    node,
    service,
    id,
    isThere,
    checks: new Map(),
    spans: [],
    registeredMs: 0,
    upMs: 0,
    fellMs: [],
  };
  tracks.set(key, track);
  const beside = onNode.get(nodeKey(node)) ?? new Set();
  onNode.set(nodeKey(node), beside.add(key));
  return track;
}

/** The check that a note is about; undefined for a note that is about none. */
function checkOf({ kind, checkId }: HistoryNote): string | undefined {
  if (kind === 'maintenance') return MAINTENANCE_MARK;
  return kind === 'member' ? SERF_HEALTH : kind === 'check' ? checkId : undefined;
}

const isStatus = (value: unknown): value is AggregatedStatus =>
  value === 'passing' || value === 'warning' || value === 'critical' || value === 'maintenance';

/** What a note says that its check was (or is), undefined for none; null when it does not say. */
function told(note: HistoryNote, side: 'before' | 'after'): AggregatedStatus | undefined | null {
  if (note.kind === 'maintenance')
    return (note.action === 'entered') === (side === 'after') ? 'maintenance' : undefined;
  if (note.action === 'changed') return null;
  const status = note[side];
  return isStatus(status) ? status : undefined;
}

/** How a thing was before the first note about it being there or not. */
function beginThing(track: Track, { action }: HistoryNote): void {
  track.isThere = action !== 'registered';
  if (action === 'changed') return;
  track.checks.clear();
  if (action === 'deregistered') track.checks.set(UNTOLD, 'unknown');
}

function beginCheck(track: Track, check: string, note: HistoryNote): void {
  if (!track.isThere) return;
  const before = told(note, 'before');
  if (before === undefined) track.checks.delete(check);
  else if (before !== null) track.checks.set(check, before);
}

/** How it was before a note that is the first one about its thing, or about its check. */
function begin(story: Story, note: HistoryNote, seen: Set<string>): void {
  const { node = '', service = '', serviceId: id = '', kind } = note;
  const key = keyOf(node, id);
  const track = story.tracks.get(key) ?? addTrack(story, { node, service, id }, true);
  const isFirst = !seen.has(key);
  seen.add(key);
  if (kind === 'service' || kind === 'node') {
    if (isFirst) beginThing(track, note);
    return;
  }
  const check = checkOf(note);
  if (check === undefined || seen.has(`${key}/${check}`)) return;
  seen.add(`${key}/${check}`);
  beginCheck(track, check, note);
}

function statusOf({ isThere, checks }: Track, ofNode: Track | undefined): PastStatus {
  if (!isThere) return 'absent';
  const found = new Set(checks.values());
  if (ofNode !== undefined) for (const status of ofNode.checks.values()) found.add(status);
  for (const status of ['maintenance', 'critical', 'warning', 'unknown'] as const)
    if (found.has(status)) return status;
  return 'passing';
}

const isUp = (status: PastStatus): boolean => status === 'passing' || status === 'warning';

/** Account for the time up to `atMs`, and go on as `status`. */
function goOn(track: Track, atMs: number, status: PastStatus): void {
  const last = track.spans.at(-1);
  if (last?.status === status) return;
  if (last !== undefined) {
    settle(track, last, atMs);
    if (isUp(last.status) && status === 'critical') track.fellMs.push(atMs);
  }
  track.spans.push({ atMs, status });
  if (track.spans.length > 2 * MAX_SPANS) track.spans = track.spans.slice(-MAX_SPANS);
}

function settle(track: Track, { atMs, status }: Span, untilMs: number): void {
  if (status === 'absent' || status === 'unknown') return;
  const lastedMs = Math.max(untilMs - atMs, 0);
  track.registeredMs += lastedMs;
  if (isUp(status)) track.upMs += lastedMs;
}

function applyToService(track: Track, { action, after }: HistoryNote): void {
  if (action === 'changed') {
    track.isThere = true;
    return;
  }
  track.isThere = action === 'registered';
  track.checks.clear();
  if (!track.isThere) return;
  const checks = typeof after === 'object' ? after['Checks'] : undefined;
  for (const [id, status] of Object.entries((checks ?? {}) as Readonly<Record<string, unknown>>))
    if (isStatus(status)) track.checks.set(id, status);
}

function applyToCheck(track: Track, note: HistoryNote): void {
  const check = checkOf(note);
  const after = told(note, 'after');
  if (check === undefined || after === null) return;
  track.checks.delete(UNTOLD);
  if (after === undefined) track.checks.delete(check);
  else track.checks.set(check, after);
}

/** A node comes alone, and goes with everything on it. */
function applyToNode(beside: readonly Track[], { action }: HistoryNote): void {
  for (const track of beside) {
    if (action === 'deregistered') track.checks.clear();
    if (track.id === '') track.isThere = action !== 'deregistered';
    else if (action === 'deregistered') track.isThere = false;
  }
}

/** Make the change that a note tells of; gives the tracks that it may have changed. */
function apply(story: Story, note: HistoryNote): readonly Track[] {
  const { node = '', serviceId: id = '', kind } = note;
  const track = story.tracks.get(keyOf(node, id)) as Track;
  if (id !== '') {
    if (kind === 'service') applyToService(track, note);
    else applyToCheck(track, note);
    return [track];
  }
  const beside = [...(story.onNode.get(nodeKey(node)) ?? [])].map((key) => story.tracks.get(key) as Track);
  if (kind === 'node') applyToNode(beside, note);
  else applyToCheck(track, note);
  return beside;
}

function pastOf(track: Track, nowMs: number): Past {
  const { node, service, id, spans, fellMs } = track;
  const last = spans.at(-1);
  if (last !== undefined) settle(track, last, nowMs);
  return {
    node,
    service,
    id,
    spans: spans.slice(-MAX_SPANS),
    registeredMs: track.registeredMs,
    upMs: track.upMs,
    falls: fellMs.length,
    isFlapping: fellMs.filter((atMs) => atMs > nowMs - FLAPPING_MS).length >= FLAPPING_FALLS,
  };
}

/**
 * The past of everything that is there now or that a note is about, from `fromMs` to `nowMs`. `notes` are oldest first.
 * O(notes times the instances of a node).
 */
export function healthOverTime(
  present: readonly PresentInstance[],
  notes: readonly HistoryNote[],
  { fromMs, nowMs }: { readonly fromMs: number; readonly nowMs: number },
): readonly Past[] {
  const story: Story = { tracks: new Map(), onNode: new Map() };
  for (const instance of present) {
    const { checks } = addTrack(story, instance, true);
    for (const [check, status] of instance.checks)
      checks.set(status === 'maintenance' ? MAINTENANCE_MARK : check, status);
  }
  const seen = new Set<string>();
  for (const note of notes) begin(story, note, seen);
  const tracks = [...story.tracks.values()];
  const ofNode = (track: Track): Track | undefined =>
    track.id === '' ? undefined : story.tracks.get(keyOf(track.node, ''));
  for (const track of tracks) goOn(track, fromMs, statusOf(track, ofNode(track)));
  for (const note of notes)
    for (const track of apply(story, note)) goOn(track, note.atMs, statusOf(track, ofNode(track)));
  return tracks.map((track) => pastOf(track, nowMs));
}
