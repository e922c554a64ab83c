/**
 * What each type of watch asks for and shows. A new type is a row here.
 */
import { AppError } from '../model/errors.ts';
import type { Call } from './client.ts';
import type { Flags } from './flags.ts';
import { keyPath } from './kv.ts';

export interface WatchPlan {
  readonly path: string;
  readonly query: NonNullable<Call['query']>;
  /** What of the answer is shown; `null` for what is not there. */
  readonly show: (body: unknown) => unknown;
}

type Planner = (flags: Flags) => WatchPlan;

function required(flags: Flags, name: string, what: string): string {
  const value = flags.text(name);
  if (!value) throw new AppError('bad_request', `Must specify a single ${what} to watch`);
  return value;
}

const asIs = (body: unknown): unknown => body;

const PLANNERS: Readonly<Record<string, Planner>> = {
  key: (flags) => ({
    path: keyPath(required(flags, 'key', 'key')),
    query: {},
    show: (body) => (body as readonly unknown[] | null)?.[0] ?? null,
  }),
  keyprefix: (flags) => ({
    path: keyPath(required(flags, 'prefix', 'prefix')),
    query: { recurse: '' },
    show: asIs,
  }),
  services: (flags) => ({
    path: '/v1/catalog/services',
    query: { filter: flags.text('filter') },
    show: asIs,
  }),
  nodes: (flags) => ({ path: '/v1/catalog/nodes', query: { filter: flags.text('filter') }, show: asIs }),
  service: (flags) => ({
    path: `/v1/health/service/${encodeURIComponent(required(flags, 'service', 'service'))}`,
    query: {
      tag: flags.list('tag'),
      passing: flags.isOn('passingonly') ? '1' : undefined,
      filter: flags.text('filter'),
    },
    show: asIs,
  }),
  checks: (flags) => {
    const [service, state] = [flags.text('service'), flags.text('state')];
    if (service && state) throw new AppError('bad_request', 'Cannot specify service and state');
    const path = service
      ? `/v1/health/checks/${encodeURIComponent(service)}`
      : `/v1/health/state/${encodeURIComponent(state ?? 'any')}`;
    return { path, query: { filter: flags.text('filter') }, show: asIs };
  },
  event: (flags) => ({ path: '/v1/event/list', query: { name: flags.text('name') }, show: asIs }),
};

export const WATCH_TYPES = Object.keys(PLANNERS);

/** The plan for the flags of a watch. Throws AppError bad_request. */
export function watchPlan(flags: Flags): WatchPlan {
  const type = flags.text('type');
  if (!type) throw new AppError('bad_request', 'Watch type must be specified');
  const planner = Object.hasOwn(PLANNERS, type) ? PLANNERS[type] : undefined;
  if (!planner) throw new AppError('bad_request', `Unsupported watch type: ${type}`);
  return planner(flags);
}
