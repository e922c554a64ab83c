/**
 * Connections inside the process, each with one request that another agent passed on (agent/forwarded-http.ts).
 *
 * They have the address of that agent, so that budgets and the history know whose they are. What bounds the connections
 * of programs, and which of them may write, was obeyed where the request entered, and is not asked again here: all programs of a
 * machine, or of a datacenter, come from one address then.
 */
import type { Duplex } from 'node:stream';

interface Marked {
  readonly isForwarded?: boolean;
}

/** Have a connection come from an agent at this address. */
export function markForwarded(socket: Duplex, remoteAddress: string): void {
  Object.defineProperties(socket, { remoteAddress: { value: remoteAddress }, isForwarded: { value: true } });
}

/** Whether another agent passed on what comes over this connection. */
export const isForwarded = (socket: Duplex & Marked): boolean => socket.isForwarded === true;
