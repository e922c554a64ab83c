/**
 * The last results of one check and how often its status changed.
 *
 * Kept in memory only, in flat arrays, because there may be ten thousand checks: about 700 octets each and the outputs,
 * which are cut, and shared while they stay the same.
 */
import { type CheckStatus, STATUSES } from '../model/types.ts';

/** Results that are kept. Turning it up costs about 30 octets a check and result, and the outputs. */
export const HISTORY_LENGTH = 20;

/** Characters of an output that are kept here; the full one is in the check itself. */
const OUTPUT_LENGTH = 300;

export interface PastResult {
  /** Wall time in ms when the result came. */
  readonly atMs: number;
  /** How long the probe ran; 0 for reports that came from outside. */
  readonly durationMs: number;
  readonly status: CheckStatus;
  readonly output: string;
}

export class History {
  readonly #atMs = new Float64Array(HISTORY_LENGTH);
  readonly #durationMs = new Float32Array(HISTORY_LENGTH);
  readonly #status = new Uint8Array(HISTORY_LENGTH);
  readonly #output: string[] = [];
  #count = 0;
  #flaps = 0;

  /** Changes from one result's status to another since this agent runs the check. */
  get flaps(): number {
    return this.#flaps;
  }

  add({ atMs, durationMs, status, output }: PastResult): void {
    const before = (this.#count + HISTORY_LENGTH - 1) % HISTORY_LENGTH;
    const at = this.#count % HISTORY_LENGTH;
    const code = STATUSES.indexOf(status);
    if (this.#count > 0 && this.#status[before] !== code) this.#flaps += 1;
    const cut = output.length > OUTPUT_LENGTH ? `${output.slice(0, OUTPUT_LENGTH)}…` : output;
    this.#output[at] = cut === this.#output[before] ? (this.#output[before] as string) : cut;
    this.#atMs[at] = atMs;
    this.#durationMs[at] = durationMs;
    this.#status[at] = code;
    this.#count += 1;
  }

  /** The kept results, newest first. */
  results(): readonly PastResult[] {
    const kept = Math.min(this.#count, HISTORY_LENGTH);
    return Array.from({ length: kept }, (_, i) => {
      const at = (this.#count - 1 - i) % HISTORY_LENGTH;
      return {
        atMs: this.#atMs[at] as number,
        durationMs: Math.round((this.#durationMs[at] as number) * 1_000) / 1_000,
        status: STATUSES[this.#status[at] as number] as CheckStatus,
        output: this.#output[at] as string,
      };
    });
  }
}
