/**
 * Who becomes a member, under which name, and how one ends: what an operator sees around one server.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ClusterAgent, type ClusterAgentOptions } from '../support/cluster-agents.ts';

const NET = '127.23.20';
const SERVER = `${NET}.1`;
const server = new ClusterAgent({
  name: 's1',
  address: SERVER,
  args: ['-server', '-bootstrap-expect', '1'],
  config: { reconnect_timeout: '8h' },
});
const started: ClusterAgent[] = [];

let names = 0;
/** Of nobody before: who was killed a moment ago counts as alive for some seconds. */
function freshName(): string {
  names += 1;
  return `joins-${names}`;
}

function agent(name: string, last: number, more: Partial<ClusterAgentOptions> = {}): ClusterAgent {
  const made = new ClusterAgent({
    name,
    address: `${NET}.${last}`,
    args: ['-retry-join', SERVER],
    ...more,
  });
  started.push(made);
  return made;
}

beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.remove()));
});

interface Member {
  readonly Name: string;
  readonly Addr: string;
  readonly Status: number;
  readonly Tags: Readonly<Record<string, string>>;
}

const [ALIVE, LEFT, FAILED] = [1, 3, 4];

async function memberOf(name: string, by = server): Promise<Member | undefined> {
  const members = await by.get<readonly Member[]>('/v1/agent/members');
  return members.find(({ Name }) => Name === name);
}
const statusOf = async (name: string): Promise<number | undefined> => (await memberOf(name))?.Status;
const join = (by: ClusterAgent, address: string) =>
  by.ask(`/v1/agent/join/${encodeURIComponent(address)}`, { method: 'PUT' });

describe('joining', () => {
  test.each([
    ['an address with the port of gossip', `${SERVER}:8301`],
    ['an address with the port of servers', `${SERVER}:8300`],
    ['several, of which the first has nobody', `${NET}.250`, SERVER],
    ['a name that has no address, and one that has', 'no-such-host.invalid', SERVER],
    ['an address of version 6, and one that answers', '[::1]:8399', SERVER],
  ])('at the start: %s', async (_what, ...addresses) => {
    const one = agent(freshName(), 11, { args: addresses.flatMap((each) => ['-retry-join', each]) });
    await one.start();
    await expect.poll(() => statusOf(one.name), { timeout: 10_000 }).toBe(ALIVE);
  });

  test('with -join an agent ends when nobody answers, and says so', async () => {
    const one = agent(freshName(), 11, { args: ['-join', `${NET}.250`] });
    await one.start().catch(() => {});
    await one.ended();
    expect(one.output).toContain('no server could be joined');
  });

  test('with retry_max an agent ends after so many rounds', async () => {
    const one = agent(freshName(), 11, { args: ['-retry-join', `${NET}.250`, '-retry-max', '2'] });
    await one.start().catch(() => {});
    await one.ended();
    expect(one.output).toContain('max join retry exhausted, exiting');
  });

  test('while it runs: an agent that knows nobody joins where it is told to', async () => {
    const one = agent(freshName(), 11, { args: ['-retry-join', `${NET}.250`] });
    await one.start();
    expect(await join(one, `${NET}.251`)).toMatchObject({ status: 500 });
    expect((await join(one, SERVER)).status).toBe(200);
    await expect.poll(() => statusOf(one.name)).toBe(ALIVE);
  });

  test('while it runs: members are joined already, addresses of nobody are refused in the words of Consul', async () => {
    const one = agent(freshName(), 11);
    await one.start();
    await expect.poll(() => statusOf(one.name)).toBe(ALIVE);
    for (const by of [server, one]) {
      for (const address of [SERVER, `${SERVER}:8301`, `${NET}.11`])
        expect(await join(by, address), `${by.name} ${address}`).toMatchObject({ status: 200 });
      for (const address of [`${NET}.250`, 'no-such-host.invalid']) {
        const { status, body } = await join(by, address);
        expect(status, `${by.name} ${address}`).toBe(500);
        expect(body).toMatch(/^1 error occurred:\n\t\* Failed to join /);
      }
      expect((await join(by, 'provider=aws tag_key=x')).body).toContain('cloud providers are not asked');
    }
  });

  test('a server of another datacenter is refused by name', async () => {
    const far = agent('s9', 19, { args: ['-server', '-bootstrap-expect', '1', '-datacenter', 'dc9'] });
    const one = agent('c2', 12);
    await Promise.all([far.start(), one.start()]);
    await expect.poll(() => statusOf('c2')).toBe(ALIVE);
    expect((await join(one, `${NET}.19`)).body).toContain("Member 's9' part of wrong datacenter 'dc9'");
  });
});

describe('names', () => {
  test('a second agent with the name of one that lives is refused, and taken when that has left', async () => {
    const one = agent('twin', 11);
    const other = agent('twin', 12);
    await one.start();
    await expect.poll(() => statusOf('twin')).toBe(ALIVE);
    await other.start();
    await expect.poll(() => other.output).toContain('a server refused this agent');
    expect((await memberOf('twin'))?.Addr).toBe(`${NET}.11`);
    await one.put('/v1/agent/leave');
    await expect.poll(async () => (await memberOf('twin'))?.Addr, { timeout: 10_000 }).toBe(`${NET}.12`);
  });

  test('an agent that comes back with its id under another name replaces its old self', async () => {
    const one = agent('before', 11, { config: { node_id: '7e2e1c8e-0000-4000-8000-000000000001' } });
    await one.start();
    await one.put('/v1/agent/service/register', { Name: 'moved', Port: 80 });
    await one.kill();
    const after = agent('after', 11, { config: { node_id: '7e2e1c8e-0000-4000-8000-000000000001' } });
    await after.start();
    await expect.poll(() => statusOf('after'), { timeout: 10_000 }).toBe(ALIVE);
    await expect.poll(() => statusOf('before')).toBeUndefined();
    const nodes = await server.get<readonly { Node: string }[]>('/v1/catalog/nodes');
    const known = nodes.map(({ Node }) => Node);
    expect(known).toContain('after');
    expect(known).not.toContain('before');
  });

  test('metadata of the node follows a reload, and outlives a failure of the agent', async () => {
    const config = { node_meta: { rack: 'a' } };
    const one = agent('c3', 13, { config });
    await one.start();
    const rack = async (): Promise<unknown> => {
      const nodes =
        await server.get<readonly { Node: string; Meta: { rack?: string } }[]>('/v1/catalog/nodes');
      return nodes.find(({ Node }) => Node === 'c3')?.Meta.rack;
    };
    await expect.poll(rack).toBe('a');
    one.configure({ node_meta: { rack: 'b' } });
    await one.put('/v1/agent/reload');
    await expect.poll(rack).toBe('b');
    one.signal('SIGSTOP');
    await expect.poll(() => statusOf('c3'), { timeout: 10_000 }).toBe(FAILED);
    one.signal('SIGCONT');
    await expect.poll(() => statusOf('c3'), { timeout: 10_000 }).toBe(ALIVE);
    expect(await rack()).toBe('b');
  });
});

describe('ending', () => {
  const web = { Name: 'web', Port: 80 };
  const instancesOf = (name: string) => server.get<readonly unknown[]>(`/v1/catalog/service/${name}`);
  const webs = () => instancesOf('web');

  test('SIGTERM takes a client agent out, and its next start brings it back with what it has', async () => {
    const one = agent('c4', 14);
    await one.start();
    await one.put('/v1/agent/service/register', web);
    expect(await webs()).toHaveLength(1);
    expect(await one.stop()).toBe(0);
    expect(await statusOf('c4')).toBe(LEFT);
    expect(await webs()).toHaveLength(0);
    await one.start();
    await expect.poll(webs).toHaveLength(1);
    expect(await statusOf('c4')).toBe(ALIVE);
  });

  test('without leave_on_terminate it has failed, and force-leave and -prune take it out', async () => {
    const one = agent('c5', 15, { config: { leave_on_terminate: false } });
    const other = agent('c6', 16);
    await Promise.all([one.start(), other.start()]);
    await one.put('/v1/agent/service/register', { Name: 'kept', Port: 80 });
    expect(await one.stop()).toBe(0);
    await expect.poll(() => statusOf('c5'), { timeout: 10_000 }).toBe(FAILED);
    expect(await instancesOf('kept')).toHaveLength(1);
    await other.put('/v1/agent/force-leave/c5');
    expect(await statusOf('c5')).toBe(LEFT);
    expect(await instancesOf('kept')).toHaveLength(0);
    await other.put('/v1/agent/force-leave/c5?prune');
    expect(await statusOf('c5')).toBeUndefined();
  });
});
