/**
 * What each type of watch asks the API for, and what it shows of the answer. Pure: parameters in, a plan out.
 *
 * The same plans serve `rollcall watch` and the watches of a configuration. Refuses, with Consul's texts,
 * parameters that are missing, of another type, or not of this watch. A new type is a row of TYPES.
 */
import { hintOf } from '../lib/nearest.ts';
import { escapePath } from '../lib/url-path.ts';
import { AppError } from '../model/errors.ts';

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;
export type Parameters = Readonly<Record<string, unknown>>;

export interface WatchPlan {
  /** For people: the type and what it looks at. */
  readonly name: string;
  readonly path: string;
  readonly query: Query;
  /** How a query says what it has seen, and so when to answer. */
  readonly cursor: 'index' | 'hash';
  /** What of an answer is handed on; `before` is the answer before it. `null` for what is not there. */
  readonly show: (body: unknown, before: unknown) => unknown;
}

type Asked = Pick<WatchPlan, 'path' | 'query'> & Partial<Pick<WatchPlan, 'cursor' | 'show'>>;

interface WatchType {
  readonly parameters: readonly string[];
  readonly ask: (given: Given) => Asked;
}

/** Reads parameters by name and type. */
class Given {
  readonly #parameters: Parameters;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
  }

  text(name: string): string | undefined {
    const value = this.#parameters[name];
    if (value !== undefined && typeof value !== 'string') throw refusal(`Expecting ${name} to be a string`);
    return value || undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw refusal(`Must specify a single ${name} to watch`);
    return value;
  }

  isOn(name: string): boolean {
    const value = this.#parameters[name] ?? false;
    if (typeof value !== 'boolean') throw refusal(`Expecting ${name} to be a boolean`);
    return value;
  }

  list(name: string): readonly string[] {
    const value = this.#parameters[name] ?? [];
    const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    if (!list.every((item) => typeof item === 'string'))
      throw refusal(`Expecting ${name} to be a string or a list of strings`);
    return list;
  }
}

function refusal(text: string): AppError {
  return new AppError('bad_request', text);
}

interface Event {
  readonly ID?: string;
}

/** Events that came after the last one of the answer before. */
function newEvents(body: unknown, before: unknown): unknown {
  const lastId = (before as readonly Event[] | null | undefined)?.at(-1)?.ID;
  const events = (body ?? []) as readonly Event[];
  const seen = lastId === undefined ? -1 : events.findLastIndex(({ ID }) => ID === lastId);
  return events.slice(seen + 1);
}

const TYPES: Readonly<Record<string, WatchType>> = {
  key: {
    parameters: ['key'],
    ask: (given) => ({
      path: kvPath(given.required('key')),
      query: {},
      show: (body) => (body as readonly unknown[] | null)?.[0] ?? null,
    }),
  },
  keyprefix: {
    parameters: ['prefix'],
    ask: (given) => ({ path: kvPath(given.required('prefix')), query: { recurse: '' } }),
  },
  services: {
    parameters: ['filter'],
    ask: (given) => ({ path: '/v1/catalog/services', query: { filter: given.text('filter') } }),
  },
  nodes: {
    parameters: ['filter'],
    ask: (given) => ({ path: '/v1/catalog/nodes', query: { filter: given.text('filter') } }),
  },
  service: {
    parameters: ['service', 'tag', 'passingonly', 'filter'],
    ask: (given) => ({
      path: `/v1/health/service/${encodeURIComponent(given.required('service'))}`,
      query: {
        tag: given.list('tag'),
        passing: given.isOn('passingonly') ? '1' : undefined,
        filter: given.text('filter'),
      },
    }),
  },
  checks: {
    parameters: ['service', 'state', 'filter'],
    ask: (given) => {
      const [service, state] = [given.text('service'), given.text('state')];
      if (service && state) throw refusal('Cannot specify service and state');
      const path = service
        ? `/v1/health/checks/${encodeURIComponent(service)}`
        : `/v1/health/state/${encodeURIComponent(state ?? 'any')}`;
      return { path, query: { filter: given.text('filter') } };
    },
  },
  event: {
    parameters: ['name'],
    ask: (given) => ({ path: '/v1/event/list', query: { name: given.text('name') }, show: newEvents }),
  },
  agent_service: {
    parameters: ['service_id'],
    ask: (given) => ({
      path: `/v1/agent/service/${encodeURIComponent(given.required('service_id'))}`,
      query: {},
      cursor: 'hash',
    }),
  },
};

export const WATCH_TYPES = Object.keys(TYPES);

/** Parameters of every type. */
const COMMON = ['type', 'datacenter'];

function kvPath(key: string): string {
  return `/v1/kv/${escapePath(key.replace(/^\//, ''))}`;
}

function typeOf(type: string | undefined): WatchType {
  if (type === undefined) throw refusal('Watch type must be specified');
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (known) return known;
  if (type.startsWith('connect_'))
    throw refusal(`Watch type ${type} belongs to the service mesh, which rollcall does not have`);
  throw refusal(`Unsupported watch type: ${type}${hintOf(type, WATCH_TYPES)}`);
}

function refuseStrange(parameters: Parameters, known: readonly string[]): void {
  const strange = Object.keys(parameters).filter((name) => !known.includes(name));
  if (strange.length === 0) return;
  throw refusal(`Invalid parameters: [${strange.join(' ')}]${hintOf(strange[0] ?? '', known)}`);
}

/** The plan of a watch: `type`, the parameters of that type, `datacenter`. Throws AppError bad_request. */
export function planWatch(parameters: Parameters): WatchPlan {
  const given = new Given(parameters);
  const type = given.text('type');
  const watchType = typeOf(type);
  const asked = watchType.ask(given);
  refuseStrange(parameters, [...COMMON, ...watchType.parameters]);
  const subjects = watchType.parameters.map((name) => parameters[name]);
  return {
    cursor: 'index',
    show: (body) => body,
    ...asked,
    name: [type, ...subjects.filter((one) => typeof one === 'string')].join(' '),
    query: { dc: given.text('datacenter'), ...asked.query },
  };
}
