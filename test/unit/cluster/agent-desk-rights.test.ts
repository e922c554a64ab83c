/**
 * Rights of client agents change while they attend: who becomes a member then, and who is one no longer.
 */
import { expect, it } from 'vitest';
import { AgentDesk } from '../../../src/cluster/agent-desk.ts';
import { MemberTable } from '../../../src/cluster/member-table.ts';
import { Presence } from '../../../src/cluster/presence.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';
import { startCatalog } from '../../support/catalog.ts';
import { agentOn } from '../../support/cluster-rows.ts';

/** A server whose agents' tokens give the names in `allowed`. */
async function desk() {
  const { clock, state, writer } = await startCatalog();
  const presence = new Presence(clock);
  const allowed = new Set<string>();
  const agents = new AgentDesk({
    datacenter: 'dc1',
    nodeName: 's1',
    view: state.view,
    indexNow: () => 1,
    submit: (command) => writer.submit(command),
    servers: () => [],
    presence,
    table: new MemberTable(state.view),
    subscriptions: {
      stream: () => ({ requireFollowable() {}, follow() {}, unfollow() {}, tell() {}, end() {} }),
    },
    now: () => 0,
    rights: () => ({
      faultOfMember: (_token, node) => (allowed.has(node) ? undefined : 'not this name'),
      refusedAsker: () => undefined,
      maySeeAll: () => false,
    }),
  });
  const { attend, 'own-rows': ownRows } = agents.methods();
  /** An agent that attends from now on. */
  const arrive = (node: string, id: string) => {
    const gone = new AbortController();
    const cut = (): void => gone.abort();
    const peer = { remoteAddress: '10.0.0.9', isServer: () => false, gone: gone.signal, heardMs: 0, cut };
    const call: RpcCall = { peer, signal: gone.signal, send: async () => {} };
    const attending = attend?.({ agent: agentOn(node, id), token: 't' }, call);
    return { attending, cut, asMember: async () => ownRows?.({}, call), isCut: () => gone.signal.aborted };
  };
  return { agents, allowed, presence, arrive };
}

it('of two agents with one name that is allowed now the first becomes a member, and whoever comes after both', async () => {
  const { agents, allowed, presence, arrive } = await desk();
  const [first, second, other] = [arrive('c1', 'id-1'), arrive('c1', 'id-2'), arrive('c2', 'id-3')];
  for (const node of ['c1', 'c2']) allowed.add(node);
  agents.lookAtRights();
  await expect(first.asMember()).resolves.toBeDefined();
  await expect(second.asMember()).rejects.toThrow('node name "c1" is taken');
  await expect(other.asMember()).resolves.toBeDefined();
  first.cut();
  await first.attending;
  agents.lookAtRights();
  await expect(second.asMember()).resolves.toBeDefined();
  expect(presence.of('c1')?.agent.node.id).toBe('id-2');
});

it('a member that loses the right to its name is cut, and the others stay', async () => {
  const { agents, allowed, presence, arrive } = await desk();
  for (const node of ['c1', 'c2']) allowed.add(node);
  const [loses, keeps, never] = [arrive('c1', 'id-1'), arrive('c2', 'id-2'), arrive('c3', 'id-3')];
  agents.lookAtRights();
  expect([loses, keeps, never].map(({ isCut }) => isCut())).toEqual([false, false, false]);
  allowed.delete('c1');
  agents.lookAtRights();
  expect([loses, keeps, never].map(({ isCut }) => isCut())).toEqual([true, false, false]);
  await loses.attending;
  expect([presence.of('c1')?.isHere, presence.of('c2')?.isHere]).toEqual([false, true]);
});
