/**
 * The parameters of both maintenance routes.
 */
import { parseBoolean } from '../../lib/boolean.ts';
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';
import type { QueryParameter } from '../route.ts';
import { first, has } from './query-values.ts';

/** Longest drain in ms: who wants longer wants maintenance. */
const MAX_DRAIN_MS = 3_600_000;

/** How to leave in good order. */
export interface DrainOptions {
  readonly forMs: number;
  readonly untilCheck: string;
  readonly deregister: boolean;
}

export interface MaintenanceOptions {
  readonly isOn: boolean;
  readonly reason: string;
  readonly drain: DrainOptions | undefined;
}

export const MAINTENANCE_PARAMETERS: readonly QueryParameter[] = [
  { name: 'enable', about: 'true or false.' },
  { name: 'reason', about: 'Text for people.' },
  {
    name: 'drain',
    about: 'With enable: let what is under way end, for so long at most, like 30s; /v1/agent/drains tells.',
  },
  { name: 'until', about: 'With drain: id of a check of this agent that passes when nothing is left.' },
];

export const DEREGISTER_PARAMETER: QueryParameter = {
  name: 'deregister',
  about: 'With drain: deregister the service afterwards.',
};

function drainOf({ query }: Call, isOn: boolean): DrainOptions | undefined {
  const given = first(query, 'drain');
  const dependent = ['until', 'deregister'].find((name) => has(query, name));
  if (given === undefined) {
    if (dependent !== undefined)
      throw new AppError('bad_request', `?${dependent} needs ?drain, like drain=30s`);
    return undefined;
  }
  if (!isOn) throw new AppError('bad_request', '?drain needs enable=true');
  const forMs = parseDuration(given);
  if (forMs === undefined || forMs < 0 || forMs > MAX_DRAIN_MS)
    throw new AppError(
      'bad_request',
      `Invalid value for drain: ${JSON.stringify(given)}; a duration up to 1h`,
    );
  const deregister = first(query, 'deregister');
  const isGone = deregister === '' ? true : parseBoolean(deregister ?? 'false');
  if (isGone === undefined)
    throw new AppError('bad_request', `Invalid value for deregister: ${JSON.stringify(deregister)}`);
  return { forMs, untilCheck: first(query, 'until') ?? '', deregister: isGone };
}

/** What the parameters ask for. Throws bad_request. */
export function maintenanceOf(call: Call): MaintenanceOptions {
  const { query } = call;
  const enable = first(query, 'enable');
  if (enable === undefined) throw new AppError('bad_request', 'Missing value for enable');
  const isOn = parseBoolean(enable);
  if (isOn === undefined)
    throw new AppError('bad_request', `Invalid value for enable: ${JSON.stringify(enable)}`);
  return { isOn, reason: first(query, 'reason') ?? '', drain: drainOf(call, isOn) };
}
