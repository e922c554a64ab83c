/** What an operator is told who has a server join another one while it runs. */
import { expect, test } from 'vitest';
import { joinServer } from '../../../src/agent/cluster/join-server.ts';
import { type Introduction, Meeting } from '../../../src/cluster/meeting.ts';
import type { CallEnd, RpcAddress } from '../../../src/rpc/rpc-connection.ts';

const introductionOf = (last: number, more: Partial<Introduction> = {}): Introduction => ({
  id: `id-${last}`,
  name: `s${last}`,
  host: `10.0.0.${last}`,
  port: 8300,
  datacenter: 'dc1',
  expect: 3,
  prefix: '/rollcall/dc1/',
  peerUrl: '',
  cluster: null,
  ...more,
});
const ONE = { initialCluster: 'a', token: 'one' };
const OTHER = { initialCluster: 'b', token: 'other' };

/** Server 1, which sees `there` at 10.0.0.2 and nobody elsewhere. */
function server(there: Introduction, own: Partial<Introduction> = {}) {
  const asked: string[] = [];
  const call = async ({ host }: RpcAddress): Promise<CallEnd> => {
    asked.push(host);
    if (host !== there.host) return { kind: 'unsent', why: 'connection refused' };
    return { kind: 'answered', value: { introduction: there, known: [] } };
  };
  const introduce = (): Introduction => introductionOf(1, own);
  const meeting = new Meeting({ introduce, call }, []);
  const join = joinServer({ meeting, datacenter: 'dc1', token: () => introduce().cluster?.token });
  return { meeting, asked, join: (host: string) => join({ host, port: 8300 }) };
}

test('a server that looks for others meets the one that it is told of, and goes on meeting it', async () => {
  const { meeting, join, asked } = server(introductionOf(2, { cluster: OTHER }));
  expect(await join('10.0.0.2')).toBeUndefined();
  expect(meeting.met.map(({ name }) => name)).toEqual(['s2']);
  asked.length = 0;
  await meeting.round();
  expect(asked).toEqual(['10.0.0.2']);
});

test('an address where nobody answers is said, and not tried again and again', async () => {
  const { meeting, join, asked } = server(introductionOf(2));
  expect(await join('10.0.0.9')).toBe('connection refused');
  asked.length = 0;
  await meeting.round();
  expect(asked).toEqual([]);
  expect(meeting.faults.size).toBe(0);
});

test('a server of another datacenter, or of another cluster, is refused by name', async () => {
  const far = server(introductionOf(2, { datacenter: 'dc2' }));
  expect(await far.join('10.0.0.2')).toBe("Member 's2' part of wrong datacenter 'dc2'");
  const strange = server(introductionOf(2, { cluster: OTHER }), { cluster: ONE });
  expect(await strange.join('10.0.0.2')).toMatch(/^s2 belongs to another cluster/);
  const same = server(introductionOf(2, { cluster: ONE }), { cluster: ONE });
  expect(await same.join('10.0.0.2')).toBeUndefined();
});

test('joining itself is done already', async () => {
  const { join, asked } = server(introductionOf(2));
  expect(await join('10.0.0.1')).toBeUndefined();
  expect(asked).toEqual([]);
});
