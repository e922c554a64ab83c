/**
 * Names that JavaScript's objects have of their own (`__proto__`, `constructor` …) are names as any other, at every place
 * of the API where somebody may choose one: the whole talk with a server is the same as with an ordinary name.
 */
import { expect, test } from 'vitest';
import { startHttp } from '../support/http-server.ts';

/** Stands for the name in the talk below. */
const NAME = 'plainname';

const SERVICE = {
  ID: NAME,
  Name: NAME,
  Tags: [NAME],
  Port: 80,
  Meta: { [NAME]: NAME },
  TaggedAddresses: { [NAME]: { Address: '10.0.0.7', Port: 7 } },
  Proxy: { Config: { [NAME]: { [NAME]: NAME } } },
  Check: {
    CheckID: NAME,
    Name: NAME,
    HTTP: 'http://10.0.0.7/',
    Interval: '10s',
    Header: { [NAME]: [NAME] },
  },
};
const NODE = {
  Node: NAME,
  Address: '10.0.0.9',
  NodeMeta: { [NAME]: NAME },
  TaggedAddresses: { [NAME]: '10.0.0.8' },
  Service: {
    ID: NAME,
    Service: 'in-catalog',
    Tags: [NAME],
    Meta: { [NAME]: NAME },
    TaggedAddresses: { [NAME]: { Address: '10.0.0.7', Port: 7 } },
  },
  Check: { CheckID: NAME, Name: NAME, Status: 'passing', Definition: { Header: { [NAME]: [NAME] } } },
};
const COORDINATE = { Vec: [0, 0, 0, 0, 0, 0, 0, 1], Error: 1, Adjustment: 0, Height: 0 };
const QUERY = {
  Name: NAME,
  Service: {
    Service: NAME,
    Tags: [NAME],
    NodeMeta: { rack: 'r7' },
    ServiceMeta: { [NAME]: NAME },
    IgnoreCheckIDs: [NAME],
  },
};
const TXN = [
  { KV: { Verb: 'set', Key: NAME, Value: 'eA==' } },
  { Node: { Verb: 'set', Node: { Node: NAME, Address: '10.0.0.9', Meta: { [NAME]: NAME } } } },
  { Service: { Verb: 'set', Node: NAME, Service: { ID: NAME, Service: NAME, Meta: { [NAME]: NAME } } } },
  { Check: { Verb: 'set', Check: { Node: NAME, CheckID: `t-${NAME}`, Name: NAME, Status: 'passing' } } },
  { KV: { Verb: 'get', Key: NAME } },
  { Service: { Verb: 'get', Node: NAME, Service: { ID: NAME } } },
];

/** Everything that is said, in order: method, path, body. */
const TALK: readonly (readonly [method: string, path: string, body?: unknown])[] = [
  ['PUT', '/v1/agent/service/register', SERVICE],
  ['GET', '/v1/agent/services'],
  ['GET', `/v1/agent/services?filter=Meta[%22${NAME}%22]==%22${NAME}%22`],
  ['GET', `/v1/agent/services?filter=%22${NAME}%22+in+Meta`],
  ['GET', `/v1/agent/services?filter=TaggedAddresses[%22${NAME}%22].Port==7`],
  ['GET', `/v1/agent/service/${NAME}`],
  ['GET', '/v1/agent/checks'],
  ['GET', `/v1/agent/health/service/id/${NAME}`],
  ['GET', `/v1/agent/health/service/name/${NAME}`],
  ['PUT', `/v1/agent/service/maintenance/${NAME}?enable=true&reason=${NAME}`],
  ['GET', '/v1/agent/checks'],
  ['PUT', `/v1/agent/service/maintenance/${NAME}?enable=false`],
  ['PUT', '/v1/agent/check/register', { ID: `own-${NAME}`, Name: NAME, TTL: '10s', ServiceID: NAME }],
  ['PUT', `/v1/agent/check/pass/own-${NAME}?note=${NAME}`],
  ['PUT', `/v1/agent/check/update/own-${NAME}`, { Status: 'warning', Output: NAME }],
  ['GET', '/v1/catalog/services'],
  ['GET', `/v1/catalog/service/${NAME}?tag=${NAME}`],
  ['GET', `/v1/catalog/service/${NAME}?filter=ServiceMeta[%22${NAME}%22]==%22${NAME}%22`],
  ['GET', `/v1/health/service/${NAME}?tag=${NAME}`],
  ['GET', `/v1/health/service/${NAME}?filter=Service.Meta[%22${NAME}%22]+is+not+empty`],
  ['GET', `/v1/health/checks/${NAME}`],
  ['GET', `/v1/health/state/${NAME}`],
  ['PUT', '/v1/catalog/register', NODE],
  ['GET', '/v1/catalog/nodes'],
  ['GET', `/v1/catalog/nodes?node-meta=${NAME}:${NAME}`],
  ['GET', `/v1/catalog/nodes?node-meta=${NAME}`],
  ['GET', `/v1/catalog/nodes?filter=Meta[%22${NAME}%22]==%22${NAME}%22`],
  ['GET', `/v1/catalog/node/${NAME}`],
  ['GET', `/v1/catalog/node-services/${NAME}`],
  ['GET', `/v1/health/node/${NAME}`],
  ['GET', `/v1/health/service/in-catalog?near=${NAME}`],
  ['GET', `/v1/internal/ui/node/${NAME}`],
  ['GET', '/v1/internal/ui/nodes'],
  ['GET', '/v1/internal/ui/services'],
  ['PUT', '/v1/coordinate/update', { Node: NAME, Segment: NAME, Coord: COORDINATE }],
  ['GET', `/v1/coordinate/node/${NAME}?segment=${NAME}`],
  ['GET', '/v1/coordinate/nodes'],
  ['GET', `/v1/kv/${NAME}`],
  ['PUT', `/v1/kv/${NAME}?flags=3`, NAME],
  ['PUT', `/v1/kv/${NAME}/${NAME}`, NAME],
  ['GET', `/v1/kv/${NAME}`],
  ['GET', `/v1/kv/${NAME}?raw`],
  ['GET', `/v1/kv/${NAME}?recurse`],
  ['GET', '/v1/kv/?keys&separator=/'],
  ['DELETE', `/v1/kv/${NAME}?recurse`],
  ['GET', '/v1/kv/?keys'],
  ['GET', `/v1/kv/a?${NAME}=${NAME}&${NAME}`],
  ['PUT', `/v1/kv/a?${NAME}&cas=0`, 'x'],
  ['PUT', '/v1/session/create', { Name: NAME, Node: NAME, Checks: [NAME], NodeChecks: [NAME] }],
  ['GET', `/v1/session/node/${NAME}`],
  ['GET', '/v1/session/list'],
  ['POST', '/v1/query', QUERY],
  ['GET', '/v1/query'],
  ['GET', `/v1/query/${NAME}/execute`],
  ['GET', `/v1/query/${NAME}/explain`],
  ['PUT', `/v1/event/fire/${NAME}`, NAME],
  ['GET', `/v1/event/list?name=${NAME}`],
  ['PUT', '/v1/txn', TXN],
  ['GET', `/v1/kv/${NAME}`],
  ['GET', `/v1/health/node/${NAME}`],
  ['GET', `/v1/${NAME}`],
  ['GET', `/v1/config/${NAME}`],
  ['GET', `/v1/agent/members?segment=${NAME}`],
  ['PUT', '/v1/agent/service/register', { Name: 'x', [NAME]: NAME }],
  ['PUT', '/v1/agent/service/register', { Name: 'x', Check: { [NAME]: NAME } }],
  ['PUT', '/v1/catalog/register', { Node: 'x', Address: '10.0.0.1', [NAME]: {} }],
  ['PUT', '/v1/catalog/register', { Node: 'x', Address: '10.0.0.1', Service: { [NAME]: {} } }],
  ['PUT', '/v1/txn', [{ [NAME]: {} }]],
  ['PUT', '/v1/session/create', { [NAME]: {} }],
  ['POST', '/v1/query', { [NAME]: {} }],
  ['PUT', '/v1/operator/autopilot/configuration', { [NAME]: {} }],
  ['PUT', '/v1/catalog/deregister', { Node: NAME, ServiceID: NAME }],
  ['PUT', '/v1/catalog/deregister', { Node: NAME, CheckID: NAME }],
  ['PUT', '/v1/catalog/deregister', { Node: NAME }],
  ['PUT', `/v1/agent/check/deregister/own-${NAME}`],
  ['PUT', `/v1/agent/service/deregister/${NAME}`],
  ['GET', '/v1/agent/services'],
  ['GET', '/v1/catalog/services'],
];

/** Lists in an order that does not depend on the name, hashes and checksums left out. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(comparable);
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key]) => key !== 'ContentHash' && key !== 'Value' && key !== 'Payload',
  );
  return kept
    .map(([key, item]) => [key, comparable(item)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** The whole talk under a name, told with the ordinary one. */
async function talk(name: string): Promise<readonly unknown[]> {
  const server = await startHttp();
  const told: unknown[] = [];
  for (const [method, path, body] of TALK) {
    const sent = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const answer = await server.request(method, path.replaceAll(NAME, name), {
      ...(sent !== undefined && { body: sent.replaceAll(NAME, name) }),
    });
    const text = answer.text.replaceAll(name, NAME);
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    told.push([method, path, answer.status, isJson ? comparable(JSON.parse(text)) : text]);
  }
  await server.app.close();
  return told;
}

const ordinary = talk('zebra');

test('the ordinary talk is one: things are written, found and removed', async () => {
  const statuses = (await ordinary).map((entry) => (entry as [string, string, number])[2]);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(60);
});

test.each([
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '__defineGetter__',
  'prototype',
])('%s is a name as any other', async (name) => {
  const told = await talk(name);
  const different = (await ordinary).flatMap((entry, at) =>
    JSON.stringify(entry) === JSON.stringify(told[at]) ? [] : [{ expected: entry, told: told[at] }],
  );
  expect(different).toEqual([]);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
