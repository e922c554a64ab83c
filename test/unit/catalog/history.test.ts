import { describe, expect, test } from 'vitest';
import { selectNotes } from '../../../src/catalog/history/select-notes.ts';
import type { Local } from '../../../src/local/local.ts';
import type { HistoryNote, NoteKind } from '../../../src/model/history-types.ts';
import { type LocalAgent, rememberingStores, startLocal } from '../../support/local-agent.ts';

const EVERYTHING = { kinds: new Set<NoteKind>(), aboveIndex: 0, fromMs: 0, limit: 1_000 };

function notesOf({ state }: Pick<LocalAgent, 'state'>): readonly HistoryNote[] {
  return selectNotes(state.view, EVERYTHING).notes.map(({ note }) => note);
}

/** What happened after `index`, newest first. */
function notesAbove({ state }: LocalAgent, index: number): readonly HistoryNote[] {
  return selectNotes(state.view, { ...EVERYTHING, aboveIndex: index }).notes.map(({ note }) => note);
}

const report = (local: Local, status: 'passing' | 'critical', output: string): void =>
  local.report('c' as never, status, output);

describe('the history', () => {
  test('a new instance is one note, with its checks and who asked', async () => {
    const agent = await startLocal();
    const { index } = agent.state;
    await agent.register({ Name: 'web', Port: 80, Check: { CheckID: 'c', TTL: '10s' } });
    expect(notesAbove(agent, index)).toEqual([
      expect.objectContaining({
        kind: 'service',
        action: 'registered',
        node: 'n1',
        service: 'web',
        serviceId: 'web',
        after: expect.objectContaining({ Port: 80, Checks: { c: 'critical' } }),
        by: expect.objectContaining({ agent: 'n1' }),
      }),
    ]);
  });

  test('a status that changes is remembered with what the check said; another output is not', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web', Check: { CheckID: 'c', TCP: '127.0.0.1:1', Interval: '10s' } });
    const { index } = agent.state;
    report(agent.local, 'passing', 'open');
    report(agent.local, 'critical', 'connection refused');
    await agent.writer.submit({
      kind: 'check-status',
      node: 'n1',
      checkId: 'c' as never,
      status: 'critical',
      output: 'still',
    });
    const [newest] = notesAbove(agent, index);
    expect(newest).toMatchObject({
      kind: 'check',
      action: 'critical',
      checkId: 'c',
      service: 'web',
      before: 'passing',
      after: 'critical',
      output: 'connection refused',
    });
    expect(notesAbove(agent, index).map(({ action }) => action)).toEqual(['critical', 'passing']);
  });

  test('what a write does not change is not remembered', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web', Port: 80 });
    const before = notesOf(agent).length;
    await agent.register({ Name: 'web', Port: 80 });
    expect(notesOf(agent)).toHaveLength(before);
  });

  test('of an instance that changes, the fields that differ are kept, before and after', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web', Port: 80, Tags: ['a'] });
    await agent.register({ Name: 'web', Port: 81, Tags: ['a'] });
    expect(notesOf(agent)[0]).toMatchObject({
      kind: 'service',
      action: 'changed',
      before: { Port: 80 },
      after: { Port: 81 },
    });
    expect(notesOf(agent)[0]?.after).not.toHaveProperty('Tags');
  });

  test('a node that goes takes its services along without a note for each', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web', Check: { CheckID: 'c', TTL: '10s' } });
    const { index } = agent.state;
    await agent.writer.submit({ kind: 'deregister', node: 'n1' });
    expect(notesAbove(agent, index).map(({ kind, action }) => `${kind} ${action}`)).toEqual([
      'node deregistered',
    ]);
  });

  test('maintenance is told as what it means, with its reason', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web' });
    await agent.local.setServiceMaintenance('web', true, 'new disk');
    await agent.local.setServiceMaintenance('web', false, '');
    expect(notesOf(agent).slice(0, 2)).toMatchObject([
      { kind: 'maintenance', action: 'left', service: 'web' },
      { kind: 'maintenance', action: 'entered', service: 'web', output: 'new disk' },
    ]);
  });

  test('of a key it is remembered that it was written; its value only where kv_history says so', async () => {
    const agent = await startLocal({ history: { kvPrefixes: ['app/'] } });
    const put = (key: string, text: string) =>
      agent.writer.submit({
        kind: 'kv',
        verb: 'set',
        key,
        value: Buffer.from(text).toString('base64'),
        flags: '0',
        index: 0,
        session: '',
        by: { address: '10.0.0.9' },
      });
    await put('secret', 's3cret');
    await put('app/colour', 'red');
    await put('app/colour', 'blue');
    const [written, created, secret] = notesOf(agent);
    expect(secret).toEqual({
      index: expect.any(Number),
      atMs: expect.any(Number),
      kind: 'kv',
      action: 'created',
      key: 'secret',
      by: { address: '10.0.0.9' },
    });
    expect(created).toMatchObject({ key: 'app/colour', action: 'created', after: { Value: btoa('red') } });
    expect(written).toMatchObject({ before: { Value: btoa('red') }, after: { Value: btoa('blue') } });
  });

  test('the health of a node as the datacenter sees it is a member that failed and came back', async () => {
    const agent = await startLocal();
    const serf = (status: 'passing' | 'critical') =>
      agent.writer.submit({
        kind: 'check-status',
        node: 'n1',
        checkId: 'serfHealth' as never,
        status,
        output: 'Agent not live or unreachable',
      });
    await agent.writer.submit({
      kind: 'register',
      node: { name: 'n1', id: 'id-1', address: '127.0.0.1', taggedAddresses: null, meta: null } as never,
      skipNodeUpdate: true,
      checks: [{ ...checkRow, id: 'serfHealth', node: 'n1', status: 'passing' } as never],
    });
    await serf('critical');
    await serf('passing');
    expect(notesOf(agent).slice(0, 2)).toMatchObject([
      { kind: 'member', action: 'back', node: 'n1' },
      { kind: 'member', action: 'failed', node: 'n1', before: 'passing', after: 'critical' },
    ]);
  });

  test('survives a restart', async () => {
    const stores = rememberingStores();
    const first = await startLocal({ stores });
    await first.register({ Name: 'web' });
    const remembered = notesOf(first);
    const second = await startLocal({ stores });
    expect(notesOf(second).slice(-remembered.length)).toEqual(remembered);
    expect(remembered.length).toBeGreaterThan(0);
  });

  test('is bounded by number: the oldest go', async () => {
    const agent = await startLocal({ history: { maxNotes: 10 } });
    for (let port = 1; port <= 40; port += 1) await agent.register({ Name: 'web', Port: port });
    const notes = notesOf(agent);
    expect(notes).toHaveLength(10);
    expect(notes[0]?.after).toEqual({ Port: 40 });
  });

  test('is bounded by octets', async () => {
    const agent = await startLocal({ history: { maxBytes: 4_000 } });
    for (let port = 1; port <= 40; port += 1) await agent.register({ Name: 'web', Port: port });
    let bytes = 0;
    for (const row of agent.state.view.history.values()) bytes += row.bytes;
    expect(bytes).toBeLessThanOrEqual(4_000);
    expect(bytes).toBeGreaterThan(2_000);
  });

  test('is bounded by age', async () => {
    const agent = await startLocal({ history: { maxAgeMs: 60_000 } });
    await agent.register({ Name: 'web', Port: 1 });
    agent.clock.advance(61_000);
    await agent.register({ Name: 'web', Port: 2 });
    expect(notesOf(agent).map(({ after: now }) => now)).toEqual([{ Port: 2 }]);
  });

  test('a write that removes thousands of keys has a bounded number of notes, and says how many more there were', async () => {
    const agent = await startLocal();
    const none = { value: null, flags: '0', index: 0, session: '' } as const;
    const commands = Array.from(
      { length: 300 },
      (_, i) => ({ kind: 'kv', verb: 'set', key: `k/${i}`, ...none }) as const,
    );
    await agent.writer.submit({ kind: 'all', commands });
    const { index } = agent.state;
    await agent.writer.submit({ kind: 'kv', verb: 'delete-tree', key: 'k/', ...none });
    const notes = notesAbove(agent, index);
    expect(notes.length).toBeLessThan(100);
    expect(notes.reduce((sum, { more = 1 }) => sum + more, 0)).toBe(300);
  });

  test('0 entries keeps none', async () => {
    const agent = await startLocal({ history: { maxNotes: 0 } });
    await agent.register({ Name: 'web' });
    expect(agent.state.view.history.size).toBe(0);
  });

  test('a page is found by the place of its last entry, also in the middle of one write', async () => {
    const agent = await startLocal();
    const none = { value: null, flags: '0', index: 0, session: '' } as const;
    const commands = ['a', 'b', 'c'].map((key) => ({ kind: 'kv', verb: 'set', key, ...none }) as const);
    await agent.writer.submit({ kind: 'all', commands });
    const keys: (string | undefined)[] = [];
    const query = { ...EVERYTHING, kinds: new Set<NoteKind>(['kv']), limit: 1 };
    for (let found = selectNotes(agent.state.view, query); ; ) {
      keys.push(found.notes[0]?.note.key);
      if (found.next === undefined) break;
      found = selectNotes(agent.state.view, { ...query, before: found.next });
    }
    expect(keys).toEqual(['c', 'b', 'a']);
  });
});

const checkRow = {
  name: 'Serf Health Status',
  notes: '',
  output: 'Agent alive and reachable',
  serviceId: '',
  type: '',
  interval: '',
  timeout: '',
  exposedPort: 0,
  definition: {},
};
