import { expect, it } from 'vitest';
import type { Command } from '../../../src/catalog/command.ts';
import { checkKey } from '../../../src/catalog/tables.ts';
import { AgentDesk, type AgentDeskParts } from '../../../src/cluster/agent-desk.ts';
import type { AgentRecord, AttendMessage } from '../../../src/cluster/agent-messages.ts';
import { FollowRights } from '../../../src/cluster/agent-rights.ts';
import { memberLives } from '../../../src/cluster/member.ts';
import { MemberJudge } from '../../../src/cluster/member-judge.ts';
import { MemberTable } from '../../../src/cluster/member-table.ts';
import { Presence } from '../../../src/cluster/presence.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { RpcCall, RpcPeer } from '../../../src/rpc/rpc-server.ts';
import { startCatalog } from '../../support/catalog.ts';
import { agentOn, registration } from '../../support/cluster-rows.ts';

const HOUR_MS = 3_600_000;

async function datacenter() {
  const { clock, state, installer, writer } = await startCatalog();
  const { view } = state;
  const table = new MemberTable(view);
  installer.onInstalled((applied) => table.onInstalled(applied));
  const presence = new Presence(clock);
  const judge = new MemberJudge({
    self: () => agentOn('s1'),
    table,
    view,
    sightings: () => presence.sightings(),
    sightingOf: (node) => presence.of(node),
    submit: (command) => writer.submit(command),
    reconnectTimeoutMs: () => 72 * HOUR_MS,
    newId: () => 'the-one',
    clock,
    log: silentLogger,
  });
  presence.onChange((node) => judge.look(node));
  judge.begin();
  const after = (ms: number): Promise<void> => clock.advanceAndSettle(ms);
  await after(500);
  /** An agent connects; the result is the end of its connection. */
  const connect = (agent: AgentRecord): (() => void) => {
    const connection = { heardMs: clock.monotonic() };
    const depart = presence.arrive(agent, connection);
    return () => {
      connection.heardMs = clock.monotonic();
      depart();
    };
  };
  const statusOf = (node: string): string | undefined => table.of(node)?.status;
  const health = (node: string): string | undefined => view.checks.get(checkKey(node, 'serfHealth'))?.status;
  return { clock, view, table, presence, judge, writer, connect, statusOf, health, after };
}

it('the server itself and whoever connects are alive, at once', async () => {
  const { connect, statusOf, health, after } = await datacenter();
  connect(agentOn('c1'));
  await after(0);
  expect([statusOf('s1'), statusOf('c1'), health('c1')]).toEqual(['alive', 'alive', 'passing']);
});

it('who is silent for three seconds has failed, and is alive again when it is heard', async () => {
  const { connect, statusOf, health, after } = await datacenter();
  const cut = connect(agentOn('c1'));
  await after(10_000);
  cut();
  await after(2_500);
  expect(statusOf('c1')).toBe('alive');
  await after(1_000);
  expect([statusOf('c1'), health('c1')]).toEqual(['failed', 'critical']);
  connect(agentOn('c1'));
  await after(0);
  expect([statusOf('c1'), health('c1')]).toEqual(['alive', 'passing']);
});

it('who moves from one connection to another is never missed', async () => {
  const { connect, statusOf, after } = await datacenter();
  const first = connect(agentOn('c1'));
  await after(10_000);
  connect(agentOn('c1'));
  first();
  await after(10_000);
  expect(statusOf('c1')).toBe('alive');
});

it('a new leader gives everybody the time to be seen', async () => {
  const { connect, judge, statusOf, after } = await datacenter();
  const cut = connect(agentOn('c1'));
  await after(1_000);
  judge.end();
  cut();
  await after(60_000);
  judge.begin();
  await after(7_500);
  expect(statusOf('c1')).toBe('alive');
  await after(1_000);
  expect(statusOf('c1')).toBe('failed');
});

it('whom nobody has seen under a new leader has the time to attend another server, unless it is one', async () => {
  const { judge, writer, statusOf, clock, after } = await datacenter();
  judge.end();
  const server = agentOn('s2');
  await writer.submit(memberLives(agentOn('c1'), clock.now()));
  await writer.submit(memberLives({ ...server, tags: { ...server.tags, role: 'consul' } }, clock.now()));
  judge.begin();
  await after(3_500);
  expect([statusOf('c1'), statusOf('s2')]).toEqual(['alive', 'failed']);
  await after(4_000);
  expect(statusOf('c1')).toBe('alive');
  await after(1_000);
  expect(statusOf('c1')).toBe('failed');
});

it('a leader that was held up itself takes nobody for silent', async () => {
  const { connect, statusOf, clock, after } = await datacenter();
  const cut = connect(agentOn('c1'));
  await after(1_000);
  cut();
  clock.stall(60_000);
  await after(7_500);
  expect(statusOf('c1')).toBe('alive');
  await after(1_000);
  expect(statusOf('c1')).toBe('failed');
});

it('who has failed is forgotten after the reconnect timeout, with its node', async () => {
  const { connect, statusOf, view, clock, after } = await datacenter();
  connect(agentOn('c1'))();
  await after(10_000);
  expect(statusOf('c1')).toBe('failed');
  clock.stall(72 * HOUR_MS);
  await after(1_000);
  expect([statusOf('c1'), view.nodes.get('c1')]).toEqual([undefined, undefined]);
});

it('a check that others wrote over is put right', async () => {
  const { connect, writer, health, after } = await datacenter();
  connect(agentOn('c1'));
  await after(1_000);
  await writer.submit({ kind: 'deregister', node: 'c1' });
  await after(31_000);
  expect(health('c1')).toBe('passing');
});

it('an agent that comes back under another name takes its id along, and the old name is gone', async () => {
  const { connect, statusOf, view, writer, after } = await datacenter();
  const cut = connect(agentOn('old', 'one-id'));
  await after(1_000);
  await writer.submit(registration('old', 'web', 80));
  cut();
  await after(500);
  connect(agentOn('new', 'one-id'));
  await after(2_000);
  expect([statusOf('old'), statusOf('new')]).toEqual([undefined, 'alive']);
  expect([view.nodes.get('old'), view.nodes.get('new')?.id]).toEqual([undefined, 'one-id']);
});

it('a second agent with the name of one that lives is refused', async () => {
  const { connect } = await datacenter();
  connect(agentOn('c1'));
  expect(() => connect(agentOn('c1', 'another-id'))).toThrow('node name "c1" is taken');
});

function peer(): RpcPeer & { leave: () => void } {
  const gone = new AbortController();
  return {
    remoteAddress: '10.0.0.9',
    isServer: () => true,
    gone: gone.signal,
    heardMs: 0,
    cut: () => gone.abort(),
    leave: () => gone.abort(),
  };
}

/** The desk of a server, of which nothing is followed. */
const deskOf = (
  { presence, table, view, writer }: Awaited<ReturnType<typeof datacenter>>,
  own: Partial<AgentDeskParts> = {},
): AgentDesk =>
  new AgentDesk({
    datacenter: 'dc1',
    nodeName: 's1',
    view,
    indexNow: () => 1,
    submit: (command) => writer.submit(command),
    servers: () => [],
    presence,
    table,
    subscriptions: {
      stream: () => ({ requireFollowable() {}, follow() {}, unfollow() {}, tell() {}, end() {} }),
    },
    now: () => 0,
    ...own,
  });

it('an agent writes its own node and nothing else, and only while it attends', async () => {
  const dc = await datacenter();
  const { table, view, writer, clock, after } = dc;
  const submitted: Command[] = [];
  const desk = deskOf(dc, {
    submit: (command) => {
      submitted.push(command);
      return writer.submit(command);
    },
    now: () => clock.now(),
  });
  const { attend, command, leave } = desk.methods();
  const agent = peer();
  const call: RpcCall = { peer: agent, signal: agent.gone, send: async () => {} };
  const web = { command: registration('c1', 'web', 80) };
  await expect(command?.(web, call)).rejects.toThrow('has to attend first');
  const attending = attend?.({ agent: agentOn('c1') }, call);
  await expect(command?.(web, call)).resolves.toMatchObject({ result: true });
  for (const forbidden of [
    registration('c2', 'web', 80),
    { kind: 'all', commands: [registration('c1', 'web', 80), { kind: 'deregister', node: 's1' }] },
    { kind: 'kv', verb: 'set', key: 'a', value: '', flags: '0', index: 0, session: '' },
  ])
    await expect(command?.({ command: forbidden }, call)).rejects.toThrow('writes its own node');
  const { service: web80, ...bare } = registration('c1', 'web', 80);
  const status = { kind: 'check-status', node: 'c1', checkId: 'a', output: '' };
  for (const broken of [
    null,
    { kind: 'register', checks: [] },
    { ...bare, node: { ...bare.node, meta: { a: 1 } } },
    { ...bare, service: { ...web80, tags: 5 } },
    { ...bare, checks: [{ id: 'a' }] },
    { kind: 'all', commands: [{ ...status, status: 'splendid' }] },
    { kind: 'all', commands: [null] },
  ])
    await expect(command?.({ command: broken }, call)).rejects.toMatchObject({ code: 'bad_request' });
  expect([...view.services.values()].map(({ tags }) => tags)).toEqual([[]]);
  const pretended = { ...registration('c1', 'web', 81), by: { agent: 's1', accessor: 'a' } };
  await command?.({ command: pretended }, call);
  expect(submitted.at(-1)).toMatchObject({ by: { agent: 'c1', accessor: 'a' } });
  await leave?.({}, call);
  await after(1_000);
  expect([table.of('c1')?.status, view.nodes.get('c1')]).toEqual(['left', undefined]);
  agent.leave();
  await attending;
});

it('an agent without the right to its name writes nothing, is told nothing and is no member until it has it', async () => {
  const dc = await datacenter();
  const { table, view, after } = dc;
  const told: AttendMessage[] = [];
  const [good, events] = [new Set<string>(), { id: 'e' } as never];
  const desk = deskOf(dc, {
    subscriptions: {
      stream: () => ({
        requireFollowable() {},
        follow: (topics) => void told.push(...topics.map((topic) => ({ kind: 'followed', topic }) as never)),
        unfollow() {},
        tell: (message) => void told.push(message),
        end() {},
      }),
    },
    rights: () => ({
      faultOfMember: (token) => (good.has(token) ? undefined : 'Permission denied: not you'),
      refusedAsker: ({ token }) => (good.has(token) ? undefined : 'somebody'),
      maySeeAll: (token) => token === 'sees',
    }),
  });
  const { attend, command, subscribe, introduce, leave } = desk.methods();
  const agent = peer();
  const sent: unknown[] = [];
  const call: RpcCall = { peer: agent, signal: agent.gone, send: async (message) => void sent.push(message) };
  const attending = attend?.({ agent: agentOn('c1'), token: 'weak' }, call);
  await after(0);
  expect(sent).toEqual([expect.objectContaining({ whyNoMember: 'Permission denied: not you' })]);
  await expect(command?.({ command: registration('c1', 'web', 80) }, call)).rejects.toThrow('not you');
  await expect(leave?.({}, call)).rejects.toThrow('not you');
  await expect(desk.forMembers(async () => 'members')({}, call)).rejects.toThrow('not you');
  await subscribe?.({ topics: ['node:c1', 'service:web'], token: 'weak' }, call);
  await subscribe?.({ topics: ['service:db'], token: 'sees' }, call);
  desk.tellEvent(events);
  expect(told.filter(({ kind }) => kind !== 'servers')).toEqual([
    { kind: 'closed', topics: ['node:c1', 'service:web'] },
    { kind: 'followed', topic: 'service:db' },
  ]);
  expect(table.of('c1')).toBeUndefined();
  await introduce?.({ token: 'strong' }, call);
  good.add('strong');
  desk.lookAtRights();
  await after(1_000);
  expect([table.of('c1')?.status, told.at(-1)]).toEqual(['alive', { kind: 'member' }]);
  const part = { token: 'strong', command: registration('c1', 'web', 80) };
  const refused = { token: 'weak', command: registration('c1', 'db', 81) };
  await expect(command?.({ parts: [refused, part] }, call)).resolves.toMatchObject({
    refused: [{ part: 0, by: 'somebody' }],
  });
  expect([...view.services.values()].map(({ name }) => name)).toEqual(['web']);
  agent.leave();
  await attending;
});

it('what may be followed no more is told no more', async () => {
  const may = new Set(['service:web', 'service:db']);
  const told: unknown[] = [];
  const follows = new FollowRights({
    stream: {
      requireFollowable() {},
      follow: (topics) => void told.push({ follow: topics }),
      unfollow: (topics) => void told.push({ unfollow: topics }),
      tell: (message) => void told.push(message),
    },
    rights: {
      faultOfMember: () => undefined,
      refusedAsker: () => undefined,
      maySeeAll: (token, topic) => token === 't' && may.has(topic),
    },
    node: 'c1',
  });
  follows.isMember = true;
  follows.follow(['service:web', 'service:db', 'node:c1'], 't');
  told.length = 0;
  follows.look();
  expect(told).toEqual([]);
  may.delete('service:db');
  follows.look();
  expect(told).toEqual([{ unfollow: ['service:db'] }, { kind: 'closed', topics: ['service:db'] }]);
});

it('an agent of another datacenter, and one with the name of the server, are refused', async () => {
  const dc = await datacenter();
  const { writer } = dc;
  const { attend } = deskOf(dc).methods();
  const agent = peer();
  const call: RpcCall = { peer: agent, signal: agent.gone, send: async () => {} };
  const elsewhere = { ...agentOn('c1'), datacenter: 'dc2' };
  await expect(attend?.({ agent: elsewhere }, call)).rejects.toThrow("part of wrong datacenter 'dc2'");
  await expect(attend?.({ agent: agentOn('s1', 'x') }, call)).rejects.toThrow('is taken');
  const posing = { ...agentOn('c1'), tags: { role: 'consul' } };
  await expect(attend?.({ agent: posing }, call)).rejects.toMatchObject({ code: 'forbidden' });
  await writer.submit(memberLives({ ...agentOn('s2'), tags: { role: 'consul' } }, 0));
  await expect(attend?.({ agent: agentOn('s2') }, call)).rejects.toThrow('is taken');
  await expect(attend?.({ agent: { node: {} } }, call)).rejects.toThrow('agent.node.name is not a text');
});
