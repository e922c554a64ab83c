/** One registration of 4 MB, and what a node that has very many rows costs when it goes. */
import type { RunningAgent } from '../../test/support/start-agent.ts';
import type { Attack } from './harness.ts';
import { putAll, send } from './requests.ts';

const BYTES = 4_190_000;

/** As many pieces as fit into the share of 4 MB, behind commas. */
function filled(size: number, piece: (i: number) => string): string {
  const pieces: string[] = [];
  for (let octets = 0; octets < BYTES * size; octets += (pieces.at(-1)?.length ?? 0) + 1)
    pieces.push(piece(pieces.length));
  return pieces.join(',');
}

function registration(
  name: string,
  body: (size: number) => string,
  path = '/v1/agent/service/register',
): Attack {
  return {
    name,
    async strike(agent, size) {
      const { status, text } = await send(agent, 'PUT', path, body(size));
      return `${status} ${text}`;
    },
  };
}

const checks = (size: number): string => `{"Name":"x","Checks":[${filled(size, () => '{"TTL":"1h"}')}]}`;
const catalogChecks = (size: number): string =>
  `{"Node":"heavy","Address":"10.0.0.1","Checks":[${filled(size, (i) => `{"Name":"c${i}"}`)}]}`;

/** A node with many rows, however many one registration may bring. */
async function fillNode(agent: RunningAgent, size: number): Promise<void> {
  const perRequest = 500;
  const requests = Math.round(400 * size);
  await putAll(
    agent,
    Array.from({ length: requests }, (_, at) => [
      '/v1/catalog/register',
      {
        Node: 'heavy',
        Address: '10.0.0.1',
        SkipNodeUpdate: at > 0,
        Checks: Array.from({ length: perRequest }, (__, i) => ({ Name: `c${at * perRequest + i}` })),
      },
    ]),
  );
}

const REMOVAL = { method: 'PUT', path: '/v1/catalog/deregister', body: JSON.stringify({ Node: 'heavy' }) };

export const registrationAttacks: readonly Attack[] = [
  registration('one 4 MB registration of checks', checks),
  registration(
    'one 4 MB registration of keys',
    (size) => `{"Name":"x","Meta":{${filled(size, (i) => `"k${i}":""`)}}}`,
  ),
  registration(
    'one 4 MB registration of unknown keys',
    (size) => `{"Name":"x",${filled(size, (i) => `"k${i}":1`)}}`,
  ),
  registration(
    'one 4 MB registration of objects',
    (size) => `{"Name":"x","Proxy":{"Config":{"a":[${filled(size, () => '{}')}]}}}`,
  ),
  registration('one 4 MB catalog registration of checks', catalogChecks, '/v1/catalog/register'),
  registration('one registration at its limit: 1,000 checks in 512 KiB', (size) => {
    const check = JSON.stringify({ TTL: '1h', Notes: 'n'.repeat(480) });
    return `{"Name":"x","Checks":[${Array.from({ length: 1_000 * size }, () => check).join(',')}]}`;
  }),
  {
    name: 'removal of a node with 200,000 checks',
    prepare: fillNode,
    async strike(agent) {
      const { status, text } = await send(agent, REMOVAL.method, REMOVAL.path, REMOVAL.body);
      return `${status} ${text}`;
    },
  },
  {
    name: 'transactions of 512 KB, one after the other',
    async strike(agent, size) {
      const value = Buffer.alloc(5_000, 'v').toString('base64');
      const operations = Array.from({ length: 64 }, (_, i) => ({
        KV: { Verb: 'set', Key: `t/${i}`, Value: value },
      }));
      let last = '';
      for (let i = 0; i < 10 * size; i += 1)
        last = String((await send(agent, 'PUT', '/v1/txn', JSON.stringify(operations))).status);
      return last;
    },
  },
];
