/**
 * Where DNS listens, and what all its listeners are: something with a port that can be closed.
 */

export interface Endpoint {
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Room for a burst of datagrams while the loop is busy; the system may give less (net.core.rmem_max). */
export const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** Whether a listener at this address takes what is sent to any address of the machine. */
export function isWildcard(address: string): boolean {
  return WILDCARDS.includes(address);
}
