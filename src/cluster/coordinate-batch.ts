/**
 * What a server has heard of where nodes are, written to the catalog together every few seconds.
 *
 * A coordinate that says nothing new is not written: nodes that stay where they are cost no writes, however often they
 * tell. What could not be written is told again soon. Bounded by nodes, and in what is written at once.
 */
import type { Command, Unstamped } from '../catalog/command.ts';
import { coordinateKey, nodeKey, type View } from '../catalog/tables.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { type Coordinate, ORIGIN, rawSecondsBetween, secondsMoved } from '../lib/network-coordinate.ts';
import type { CoordinateRow, NodeName } from '../model/types.ts';

/** Time in ms between two writes (Consul's `coordinate_update_period`). */
const WRITE_MS = 5_000;
/** Nodes of one write; the others wait for the next one. */
const MAX_WRITTEN = 512;
/** Nodes that wait. */
const MAX_WAITING = 20_000;
/** A move that is told: by so many seconds, and by this share of how far from the middle the node is. */
const TOLD_SECONDS = 0.000_1;
const TOLD_SHARE = 0.05;
/** A change of the error that is told, when it is more sure or less. */
const TOLD_ERROR = 0.1;

/** Whether it is worth a write that a node is here now, and no longer there. */
export function isNews(before: Coordinate, now: Coordinate): boolean {
  const told = Math.max(TOLD_SECONDS, TOLD_SHARE * rawSecondsBetween(before, ORIGIN));
  return secondsMoved(before, now) > told || Math.abs(now.error - before.error) > TOLD_ERROR;
}

export interface CoordinateBatchParts {
  readonly view: View;
  /** As the write queue's, wherever the leader is. */
  readonly submit: (command: Command) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class CoordinateBatch {
  readonly #parts: CoordinateBatchParts;
  readonly #waiting = new Map<string, Unstamped<CoordinateRow>>();
  #timer: Timer | undefined;
  #isStopped = true;

  constructor(parts: CoordinateBatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isStopped = false;
    this.#again();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** A node is here now. */
  note(node: string, { vec, error, adjustment, height }: Coordinate): void {
    const key = nodeKey(node);
    if (!this.#waiting.has(key) && this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.set(key, { node: node as NodeName, segment: '', vec, error, adjustment, height });
  }

  #again(): void {
    this.#timer = this.#parts.clock.after(WRITE_MS, () => void this.#write());
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const places = this.#takeNews();
    try {
      if (places.length > 0) await this.#parts.submit({ kind: 'coordinates', places });
    } catch (error) {
      // Who is still there tells again.
      this.#parts.log.debug({ err: error }, 'coordinates could not be written');
    }
    if (!this.#isStopped) this.#again();
  }

  #takeNews(): readonly Unstamped<CoordinateRow>[] {
    const { coordinates } = this.#parts.view;
    const news: Unstamped<CoordinateRow>[] = [];
    for (const [key, place] of this.#waiting) {
      if (news.length === MAX_WRITTEN) break;
      this.#waiting.delete(key);
      const before = coordinates.get(coordinateKey(place.node, place.segment));
      if (before === undefined || isNews(before, place)) news.push(place);
    }
    return news;
  }
}
