/** Snapshots that are large, that unpack to much, or that hold what cannot be read again. */
import { gzipSync } from 'node:zlib';
import type { Attack } from './harness.ts';
import { putAll, send } from './requests.ts';
import { snapshotBody } from './snapshot-body.ts';

const MIB = 1_024 * 1_024;

function restored(name: string, body: (size: number) => Buffer, more: Partial<Attack> = {}): Attack {
  return {
    name,
    ...more,
    async strike(agent, size) {
      const file = body(size);
      const { status, text } = await send(agent, 'PUT', '/v1/snapshot', file);
      return `${status} ${text}`;
    },
  };
}

const hex = (length: number, seed: number): string => {
  let text = '';
  for (let state = seed + 1; text.length < length; state = (state * 1_103_515_245 + 12_345) % 2_147_483_648)
    text += state.toString(36);
  return text.slice(0, length);
};

/** Some 60 MB of file from values that do not pack well. */
function largeSnapshot(size: number): Buffer {
  const count = Math.round(850 * size);
  return snapshotBody(
    Array.from({ length: count }, (_, i) => ({
      table: 'kv',
      row: {
        createIndex: 1,
        modifyIndex: 1,
        key: `k${i}`,
        value: Buffer.from(hex(75_000, i)).toString('base64'),
        flags: '0',
        lockIndex: 0,
        session: '',
      },
    })),
  );
}

/** A file that is mostly one letter, in pieces so that no string grows too long. */
function bomb(size: number): Buffer {
  return gzipSync(Buffer.alloc(Math.round(700 * MIB * size), 'a'), { level: 1 });
}

export const snapshotAttacks: readonly Attack[] = [
  restored(
    'snapshot whose session has no ttl',
    () =>
      snapshotBody([
        {
          table: 'nodes',
          row: {
            name: 'elsewhere',
            id: '',
            address: '10.0.0.1',
            datacenter: 'dc1',
            meta: {},
            taggedAddresses: {},
            createIndex: 1,
            modifyIndex: 1,
          },
        },
        {
          table: 'sessions',
          row: {
            id: '7a7b2f4e-0000-4000-8000-000000000001',
            name: '',
            node: 'elsewhere',
            behavior: 'release',
            lockDelayMs: 0,
            nodeChecks: [],
            checks: [],
            serviceChecks: [],
            createIndex: 1,
            modifyIndex: 1,
          },
        },
      ]),
    { restarts: true },
  ),
  restored('snapshot of 60 MB', largeSnapshot),
  restored('snapshot of 700 MB of one letter', bomb),
  {
    name: 'saving a snapshot of 60 MB',
    prepare: (agent, size) =>
      putAll(
        agent,
        Array.from({ length: Math.round(400 * size) }, (_, i) => [
          `/v1/kv/s/${i}`,
          Buffer.from(hex(150_000, i)),
        ]),
      ),
    async strike(agent) {
      const { status } = await send(agent, 'GET', '/v1/snapshot');
      return String(status);
    },
  },
];
