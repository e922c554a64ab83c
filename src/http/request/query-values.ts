/**
 * Reads query parameters: flags by presence, single values, lists, and booleans as Consul parses them.
 */
import type { Query } from '../call-and-reply.ts';

/** The first value; undefined when the parameter is not there. */
export function first(query: Query, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

/** Whether the parameter is there, with or without a value. */
export function has(query: Query, name: string): boolean {
  return query[name] !== undefined;
}

/** All values in order. */
export function all(query: Query, name: string): readonly string[] {
  const value = query[name];
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
