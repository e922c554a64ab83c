/** Questions over HTTP that are small to send and dear to answer. */
import type { RunningAgent } from '../../test/support/start-agent.ts';
import type { Attack } from './harness.ts';
import { putAll, send, tally } from './requests.ts';

/** Nodes with metadata and a service each. */
async function fillNodes(agent: RunningAgent, size: number): Promise<void> {
  const count = Math.round(5_000 * size);
  await putAll(
    agent,
    Array.from({ length: count }, (_, i) => [
      '/v1/catalog/register',
      {
        Node: `node-${i}`,
        Address: `10.1.${i >> 8}.${i & 255}`,
        NodeMeta: { a: 'b' },
        Service: { Service: 'wide', Port: i + 1, Tags: [`t${i}`], Meta: { k: 'v' } },
      },
    ]),
  );
}

function asked(name: string, path: () => string): Attack {
  return {
    name,
    prepare: fillNodes,
    async strike(agent) {
      const answers: number[] = [];
      for (let i = 0; i < 3; i += 1) answers.push((await send(agent, 'GET', path())).status);
      return tally(answers);
    },
  };
}

const ORS = Array.from({ length: 740 }, (_, i) => `ServicePort==9${i % 10}`)
  .join(' or ')
  .slice(0, 16_000);

export const queryAttacks: readonly Attack[] = [
  asked(
    'filter of 16 KB of `or`',
    () => `/v1/catalog/service/wide?filter=${encodeURIComponent(ORS.slice(0, ORS.lastIndexOf(' or ')))}`,
  ),
  asked(
    'the same filter of the names of all services',
    () => `/v1/catalog/services?filter=${encodeURIComponent(ORS.slice(0, ORS.lastIndexOf(' or ')))}`,
  ),
  asked(
    '4,000 × node-meta in one URL',
    () => `/v1/catalog/nodes?${Array.from({ length: 4_000 }, () => 'node-meta=a:b').join('&')}`,
  ),
  asked(
    '4,000 × tag in one URL',
    () => `/v1/health/service/wide?${Array.from({ length: 4_000 }, (_, i) => `tag=t${i}`).join('&')}`,
  ),
];
