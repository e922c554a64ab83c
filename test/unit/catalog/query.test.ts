import { describe, expect, test } from 'vitest';
import { executeQuery, findQuery, type QueryOptions } from '../../../src/catalog/query.ts';
import type { QueryService } from '../../../src/model/types.ts';
import { registerCheck, registerService, service } from '../../support/catalog.ts';
import { startKv } from '../../support/kv.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const DOCUMENT = {
  Token: '',
  Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
  Service: {
    Service: 'web',
    Failover: { NearestN: 0, Datacenters: null },
    OnlyPassing: false,
    IgnoreCheckIDs: null,
    Near: '',
    Tags: null,
    NodeMeta: null,
    ServiceMeta: null,
    Connect: false,
  },
  DNS: { TTL: '' },
};

interface QueryFields {
  readonly id?: string;
  readonly session?: string;
  readonly service?: Partial<QueryService>;
  readonly ttl?: string;
  readonly token?: string;
  readonly template?: Partial<(typeof DOCUMENT)['Template']>;
}

async function start() {
  const catalog = await startKv();
  const { writer, state } = catalog;
  const put = async (name: string, fields: QueryFields = {}): Promise<string> => {
    const document = {
      ...DOCUMENT,
      Token: fields.token ?? '',
      Template: { ...DOCUMENT.Template, ...fields.template },
      Service: { ...DOCUMENT.Service, ...fields.service },
      DNS: { TTL: fields.ttl ?? '' },
    };
    const { id = '', session = '' } = fields;
    const query = { id, name, session, isTemplate: document.Template.Type !== '', document };
    return (await writer.submit({ kind: 'query-put', query })).result;
  };
  const run = (nameOrId: string, options: Partial<QueryOptions> = {}) => {
    const query = findQuery(state.view, nameOrId);
    if (!query) return undefined;
    const { chosen } = executeQuery(state.view, query, {
      source: { agentNode: 'n1', address: '' },
      near: '',
      limit: 0,
      isConnect: false,
      distance: () => Number.POSITIVE_INFINITY,
      random: seededRandom(1),
      ...options,
    });
    return chosen.map((instance) => instance.service.id as string);
  };
  const instance = (node: string, id: string, tags: string[] = []) =>
    writer.submit(registerService(node, service({ name: 'web', id, tags })));
  return { ...catalog, put, run, instance, find: (name: string) => findQuery(state.view, name) };
}

/** Templates with § for the dollar sign, which a linter takes for a forgotten template string. */
const hil = (text: string): string => text.replaceAll('§', '$');

const template = { Type: 'name_prefix_match' };

describe('a query is found', () => {
  test('by id, and by name without regard to case', async () => {
    const { put, find } = await start();
    const id = await put('Find-Me');
    expect([id, id.toUpperCase(), 'find-me', 'FIND-ME'].map((name) => find(name)?.id)).toEqual([
      id,
      id,
      id,
      id,
    ]);
    expect(find('find')).toBeUndefined();
    expect(find('')).toBeUndefined();
  });

  test('by the longest template that the name begins with, after an exact name', async () => {
    const { put, find } = await start();
    const ids = {
      all: await put('', { template }),
      geo: await put('geo', { template }),
      db: await put('geo-db', { template }),
      exact: await put('geo-db-main'),
    };
    expect(['geo-db-main', 'geo-db-x', 'GEO-web', 'other'].map((name) => find(name)?.id)).toEqual([
      ids.exact,
      ids.db,
      ids.geo,
      ids.all,
    ]);
  });
});

describe('a template', () => {
  test('puts the name and its parts into every text of the service', async () => {
    const { put, find } = await start();
    await put('geo', {
      template: { ...template, Regexp: '^geo-(.*?)-([^-]+)$' },
      service: {
        Service: hil('§{match(2)}'),
        Tags: [hil('§{match(1)}'), hil('!§{name.suffix}'), hil('§§{x}')],
        Near: hil('§{name.prefix}'),
        NodeMeta: { zone: hil('z-§{match(1)}§{agent.segment}') },
        Failover: { NearestN: 0, Datacenters: [hil('§{name.full}')] },
      },
    });
    expect(find('geo-eu-db')?.document.Service).toMatchObject({
      Service: 'db',
      Tags: ['eu', '!-eu-db', hil('§{x}')],
      Near: 'geo',
      NodeMeta: { zone: 'z-eu' },
      Failover: { NearestN: 0, Datacenters: ['geo-eu-db'] },
    });
  });

  test('leaves empty what the pattern did not match, and drops empty tags when it is told to', async () => {
    const { put, find } = await start();
    const tagged = { Tags: [hil('§{match(1)}'), 'fixed'], Service: 'x' };
    const Regexp = '^a-(.+)$';
    await put('a', { template: { ...template, Regexp, RemoveEmptyTags: true }, service: tagged });
    await put('b', { template: { ...template, Regexp }, service: tagged });
    expect(find('a-tag')?.document.Service.Tags).toEqual(['tag', 'fixed']);
    expect(find('ax')?.document.Service.Tags).toEqual(['fixed']);
    expect(find('bx')?.document.Service.Tags).toEqual(['', 'fixed']);
  });

  test.each([
    [{ Type: 'bogus' }, 'x', "failed compiling template: Bad Template.Type 'bogus'"],
    [
      template,
      hil('§{name.bogus}'),
      hil(
        "Bad evaluation for '§{name.bogus}' in Service.Service: 1:3: unknown variable accessed: name.bogus",
      ),
    ],
    [template, '${', "Bad format '${' in Service.Service: parse error: syntax error"],
    [template, hil('§{match(0) }§{lower(name.full)}'), '1:15: unknown function called: lower'],
    [
      { ...template, Regexp: '(' },
      'x',
      'failed compiling template: Bad Regexp: error parsing regexp: missing closing ): `(`',
    ],
  ])('is refused when it is written: %j %s', async (given, Service, text) => {
    const { put } = await start();
    await expect(put('t', { template: given, service: { Service } })).rejects.toThrow(text);
  });
});

describe('a query is refused', () => {
  test.each([
    [{ service: { Service: '' } }, 'Must provide a Service name to query'],
    [{ service: { Failover: { NearestN: -1, Datacenters: null } } }, "Bad NearestN '-1', must be >= 0"],
    [{ ttl: 'ten' }, `Bad DNS TTL 'ten': time: invalid duration "ten"`],
    [{ ttl: '-1s' }, "DNS TTL '-1000000000', must be >=0"],
    [{ token: '<hidden>' }, "Bad Token '<hidden>'"],
    [
      { service: { NodeMeta: { 'a b': 'x' } } },
      "Couldn't load metadata pair ('a b', 'x'): Key contains invalid",
    ],
  ])('%j', async (fields, text) => {
    const { put } = await start();
    await expect(put('q', fields)).rejects.toThrow(`Invalid prepared query: ${text}`);
  });

  test('without a name unless a session or a template makes up for it', async () => {
    const { put, begin, end, state } = await start();
    await expect(put('')).rejects.toThrow('Must be bound to a session');
    const session = await begin();
    await put('', { session });
    await put('', { template });
    await expect(put('', { template })).rejects.toThrow('a query template with an empty name already exists');
    await expect(put('x', { session: 'abc' })).rejects.toThrow('invalid session: index error');
    await end(session);
    expect(state.view.queries.size).toBe(1);
  });

  test('under a name that another one has, but may keep its own', async () => {
    const { put, find } = await start();
    const id = await put('dup');
    await expect(put('DUP')).rejects.toThrow("name 'DUP' aliases an existing query name");
    await expect(put(id)).rejects.toThrow(`name '${id}' aliases an existing query ID`);
    await put('Dup', { id, ttl: '5s' });
    expect(find('dup')?.document.DNS.TTL).toBe('5s');
    await expect(put('y', { id: 'abc' })).rejects.toThrow(
      'Prepared Query lookup failed: failed prepared query',
    );
    await expect(put('y', { id: 'f174e4d1-0000-4000-8000-000000000000' })).rejects.toThrow(
      "Cannot modify non-existent prepared query: 'f174e4d1-0000-4000-8000-000000000000'",
    );
  });
});

test('a query is deleted once; then its id is unknown', async () => {
  const { put, find, writer } = await start();
  const id = await put('q');
  await writer.submit({ kind: 'query-delete', id });
  expect(find('q')).toBeUndefined();
  await expect(writer.submit({ kind: 'query-delete', id })).rejects.toThrow('Cannot modify non-existent');
});

describe('a query chooses', () => {
  test('by health: warnings unless only passing is wanted, ignored checks do not count', async () => {
    const { put, run, instance, writer } = await start();
    for (const id of ['ok', 'warn', 'crit']) await instance('n1', id);
    await writer.submit(registerCheck('n1', { id: 'w', status: 'warning', serviceId: 'warn' }));
    await writer.submit(registerCheck('n1', { id: 'c', status: 'critical', serviceId: 'crit' }));
    await put('any');
    await put('only', { service: { OnlyPassing: true } });
    await put('ignore', { service: { OnlyPassing: true, IgnoreCheckIDs: ['c'] } });
    expect([run('any')?.sort(), run('only'), run('ignore')?.sort()]).toEqual([
      ['ok', 'warn'],
      ['ok'],
      ['crit', 'ok'],
    ]);
  });

  test('by tags without regard to case, unwanted ones behind "!"', async () => {
    const { put, run, instance } = await start();
    await instance('n1', 'a', ['V1', 'blue']);
    await instance('n1', 'b', ['v1', 'green']);
    await put('q', { service: { Tags: ['v1', '!GREEN'] } });
    expect(run('q')).toEqual(['a']);
  });

  test('nearest first, the asking node before all, unknown places last', async () => {
    const { put, run, instance } = await start();
    for (const node of ['n1', 'far', 'near', 'lost']) await instance(node, `on-${node}`);
    await put('q', { service: { Near: '_agent' } });
    const seconds: Record<string, number> = { far: 0.2, near: 0.1 };
    const distance = (_from: string, to: string) => seconds[to] ?? Number.POSITIVE_INFINITY;
    expect(run('q', { distance })).toEqual(['on-n1', 'on-near', 'on-far', 'on-lost']);
    expect(run('q', { distance, near: 'lost' })?.[0]).toBe('on-lost');
    expect(run('q', { distance, limit: 2 })).toEqual(['on-n1', 'on-near']);
  });

  test('in a new order each time when nothing says near', async () => {
    const { put, run, instance } = await start();
    for (const id of ['a', 'b', 'c', 'd']) await instance('n1', id);
    await put('q');
    const random = seededRandom(7);
    const orders = new Set(Array.from({ length: 40 }, () => run('q', { random })?.join()));
    expect(orders.size).toBeGreaterThan(10);
  });
});
