import { beforeEach, describe, expect, test } from 'vitest';
import { registerService, service } from '../../support/catalog.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  return () => server.app.close();
});

async function txn(body: unknown): Promise<[status: number, body: unknown]> {
  const answer = await server.put('/v1/txn', body);
  return [answer.status, answer.headers['content-type'] === 'application/json' ? answer.json() : answer.text];
}

const READ = { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: '' };

describe('a transaction', () => {
  test('shows what it wrote without values, what it read with them', async () => {
    const [status, body] = await txn([
      { KV: { Verb: 'set', Key: 'a', Value: 'b25l', Flags: 5 } },
      { KV: { Verb: 'get', Key: 'a' } },
    ]);
    const row = {
      LockIndex: 0,
      Key: 'a',
      Flags: 5,
      CreateIndex: expect.any(Number),
      ModifyIndex: expect.any(Number),
    };
    expect([status, body]).toEqual([
      200,
      { Results: [{ KV: { ...row, Value: null } }, { KV: { ...row, Value: 'b25l' } }], Errors: null },
    ]);
  });

  test('of reads says how it was read, and gives no index', async () => {
    const answer = await server.put('/v1/txn', [{ KV: { Verb: 'get-tree', Key: 'none/' } }]);
    expect(answer.json()).toEqual({ Results: [], Errors: null, ...READ });
    expect(answer.headers).toMatchObject({ 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '0' });
    expect(answer.headers).not.toHaveProperty('x-consul-index');
    expect(await txn([])).toEqual([200, { Results: [], Errors: null, ...READ }]);
  });

  test.each([
    [
      { Service: { Verb: 'set', Node: 'n1', Service: {} } },
      'failed inserting service: object missing primary index',
    ],
    [
      { Service: { Verb: 'set', Node: 'n1', Service: { Service: 'm', Meta: { 'a b': 'x' } } } },
      "Invalid Service Meta for node n1 and serviceID m: Couldn't load metadata pair ('a b', 'x'): Key contains invalid characters",
    ],
    [
      { Service: { Verb: 'get', Node: 'n1', Service: { Service: 'm' } } },
      'service "" on node "n1" doesn\'t exist',
    ],
    [
      { Check: { Verb: 'set', Check: { Node: 'n1' } } },
      'failed inserting check: object missing primary index',
    ],
    [{ Check: { Verb: 'set', Check: {} } }, 'Missing node registration'],
    [{ Check: { Verb: 'get', Check: { Node: 'n1' } } }, 'check "" on node "n1" doesn\'t exist'],
    [{ Check: { Verb: 'bogus', Check: {} } }, 'unknown Check verb "bogus"'],
  ])('tells of %j by its verb what is missing', async (operation, what) => {
    await server.put('/v1/catalog/register', { Node: 'n1', Address: '1.1.1.1' });
    expect(await txn([operation])).toMatchObject([
      409,
      { Results: null, Errors: [{ OpIndex: 0, What: what }] },
    ]);
  });

  test('keeps flags of 64 bits', async () => {
    const answer = await server.put(
      '/v1/txn',
      '[{"KV":{"Verb":"set","Key":"f","Flags":18446744073709551615}}]',
    );
    expect(answer.text).toContain('"Flags":18446744073709551615');
    expect((await server.get('/v1/kv/f')).text).toContain('"Flags":18446744073709551615');
  });

  test('keeps doubles in documents, whatever the fields in them are called', async () => {
    const proxy = '{"Config":{"Flags":99999999999999999999,"Index":9007199254740992}}';
    const service = `{"Service":"web","Port":1,"Proxy":${proxy}}`;
    const answer = await server.put(
      '/v1/txn',
      `[{"Service":{"Verb":"set","Node":"n1","Service":${service}}}]`,
    );
    expect(answer.status).toBe(200);
    const [row] = server.state.view.services.by('name', 'web');
    expect(row?.proxy).toEqual({ Config: { Flags: 1e20, Index: 2 ** 53 } });
  });

  test('that fails is a 409, and says at which place of the body', async () => {
    expect(await txn([{}, { KV: { Verb: 'set', Key: 'c' } }, { KV: { Verb: 'get', Key: 'none' } }])).toEqual([
      409,
      { Results: null, Errors: [{ OpIndex: 2, What: `key "none" doesn't exist` }] },
    ]);
    expect(await txn([{ KV: { Verb: 'explode', Key: 'x' } }])).toEqual([
      409,
      { Results: null, Errors: [{ OpIndex: 0, What: 'unknown KV verb "explode"' }], ...READ },
    ]);
    expect(server.state.view.kv.size).toBe(0);
  });

  test('registers and looks up nodes, services and checks', async () => {
    const Service = { ID: 'w1', Service: 'web', Port: 80 };
    const Check = { Node: 'tn', CheckID: 'c', Name: 'c', ServiceID: 'w1', Status: 'passing' };
    const [status, body] = await txn([
      { Node: { Verb: 'set', Node: { Node: 'tn', Address: '1.2.3.4' } } },
      { Service: { Verb: 'set', Node: 'tn', Service } },
      { Check: { Verb: 'set', Check } },
    ]);
    expect([status, body]).toMatchObject([
      200,
      {
        Results: [
          {
            Node: {
              ID: '',
              Node: 'tn',
              Address: '1.2.3.4',
              Datacenter: 'dc1',
              TaggedAddresses: null,
              Meta: null,
            },
          },
          { Service: { ...Service, Tags: null, Meta: null, Weights: { Passing: 1, Warning: 1 } } },
          { Check: { ...Check, ServiceName: 'web', ServiceTags: null } },
        ],
      },
    ]);
    expect(await txn([{ Service: { Verb: 'get', Node: 'tn', Service: { ID: 'w1' } } }])).toMatchObject([
      200,
      { Results: [{ Service }], ...READ },
    ]);
    expect(await txn([{ Service: { Verb: 'get', Node: 'tn', Service: { ID: 'w9' } } }])).toMatchObject([
      409,
      { Errors: [{ OpIndex: 0, What: `service "w9" on node "tn" doesn't exist` }] },
    ]);
  });

  test('names what is wrong with a service or a node, and does nothing', async () => {
    await server.writer.submit(registerService('n1', service({ name: 'web' })));
    const before = server.state.index;
    expect(await txn([{ Service: { Verb: 'delete', Node: 'n1', Service: { ID: 'web' } } }])).toEqual([
      409,
      { Results: null, Errors: [{ OpIndex: 0, What: 'Must provide service name with ID' }] },
    ]);
    expect(await txn([{ Node: { Verb: 'set', Node: { Node: 'x', ID: 'abc' } } }])).toMatchObject([
      409,
      { Errors: [{ What: 'Bad node ID: uuid string is wrong length' }] },
    ]);
    expect(server.state.index).toBe(before);
  });
});

describe('a body is refused', () => {
  test.each([
    ['', 'EOF'],
    ['{', ''],
    ['{}', 'json: cannot unmarshal object into Go value of type api.TxnOps'],
    ['[{"Foo":{}}]', 'json: unknown field "Foo"'],
    ['[{"KV":{"Verb":"set","Bogus":1}}]', 'json: unknown field "Bogus"'],
    ['[{"KV":{"Verb":"set","Value":"not base64!"}}]', 'illegal base64 data at input byte 3'],
    ['[{"KV":{"Verb":"set","Value":"eA"}}]', 'illegal base64 data at input byte 0'],
    [
      '[{"KV":{"Verb":"set","Flags":-1}}]',
      'json: cannot unmarshal number -1 into Go struct field .KV.Flags of type uint64',
    ],
    [
      '[{"KV":{"Verb":"set","Flags":18446744073709551616}}]',
      'json: cannot unmarshal number 18446744073709551616',
    ],
    [
      '[{"KV":{"Verb":"set","Index":"7"}}]',
      'json: cannot unmarshal string into Go struct field .KV.Index of type uint64',
    ],
    ['[5]', 'json: cannot unmarshal number into Go value'],
  ])('%s', async (body, why) => {
    const [status, text] = await txn(body);
    expect(status).toBe(400);
    expect(text).toContain(`Failed to parse body: ${why}`);
  });

  test('with more than 64 operations, or more than its size or that of a value allows', async () => {
    const operations = Array.from({ length: 65 }, (_, n) => ({ KV: { Verb: 'set', Key: `k${n}` } }));
    expect(await txn(operations)).toEqual([413, 'Transaction contains too many operations (65 > 64)']);
    const big = [{ KV: { Verb: 'set', Key: 'big', Value: 'A'.repeat(600_000) } }];
    expect(await txn(big)).toEqual([413, expect.stringContaining('too large, max size: 524288 bytes')]);
    const small = await startHttp({ kvMaxValueBytes: 3 });
    const answer = await small.put('/v1/txn', [{ KV: { Verb: 'set', Key: 'v', Value: 'AAAAAAA=' } }]);
    expect([answer.status, answer.text]).toEqual([413, 'Value for key "v" is too large (5 > 3 bytes)']);
    await small.app.close();
    expect(server.state.view.kv.size).toBe(0);
  });

  test('has at least the size of a value', async () => {
    const roomy = await startHttp({ kvMaxValueBytes: 700_000, txnMaxRequestBytes: 1_000 });
    const operation = { KV: { Verb: 'set', Key: 'v', Value: 'A'.repeat(600_000) } };
    expect((await roomy.put('/v1/txn', [operation])).status).toBe(200);
    const bigger = { KV: { Verb: 'set', Key: 'v', Value: 'A'.repeat(800_000) } };
    const answer = await roomy.put('/v1/txn', [bigger]);
    expect([answer.status, answer.text]).toEqual([413, expect.stringContaining('max size: 700000 bytes')]);
    await roomy.app.close();
  });

  test('nested without end', async () => {
    const [status, text] = await txn('['.repeat(200_000));
    expect([status, String(text).slice(0, 60)]).toEqual([
      400,
      'Failed to parse body: json: nested deeper than 200 levels',
    ]);
  });
});
