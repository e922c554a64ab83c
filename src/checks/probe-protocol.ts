/**
 * What the main thread and the probe thread tell each other. Everything here survives a structured clone.
 *
 * Both sides collect what happens in one turn of their event loop and send it as one list: with thousands of checks most
 * of the cost of talking is in the message, not in what it says.
 */

import type { PolledSpec, ProbeResult } from './check.ts';
import type { CheckIdentity } from './dial.ts';

export type ToProbeThread =
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly spec: PolledSpec;
      readonly timeoutMs: number;
      readonly outputMaxBytes: number;
    }
  /** The time of this run is up, or nobody wants its result any more. */
  | { readonly kind: 'abort'; readonly id: number }
  /** What the agent shows from now on; the thread is started with what it shows at first. */
  | { readonly kind: 'identity'; readonly identity: CheckIdentity | undefined }
  | { readonly kind: 'stop' };

/** How a run ended; `fault` is a bug in a probe. */
export type FromProbeThread =
  | { readonly id: number; readonly result: ProbeResult }
  | { readonly id: number; readonly fault: string };
