/**
 * Finds a session by its id, with Consul's refusal of what cannot be an id.
 */
import { AppError } from '../model/errors.ts';
import type { SessionRow } from '../model/types.ts';
import type { View } from './tables.ts';

const UUID_LENGTH = 36;

/** Whether a text has the form of a UUID. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Refuse what is not as long as a UUID; `what` is looked up. */
export function requireUuid(id: string, what: string): void {
  if (id.length !== UUID_LENGTH)
    throw new AppError('invalid_command', `failed ${what} lookup: index error: UUID must be 36 characters`);
}

/** The session, or undefined when it is not (or no longer) there. Throws invalid_command for what is no UUID. */
export function sessionById(view: View, id: string): SessionRow | undefined {
  requireUuid(id, 'session');
  return view.sessions.get(id.toLowerCase());
}
