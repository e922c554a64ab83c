/**
 * Keys, events, maintenance, snapshots and checks from the command line; texts as recorded from Consul.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let agent: RunningAgent;
let dir = '';

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-kv-'));
  agent = await startAgent();
});
afterAll(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

const cli = (...args: readonly string[]) => runCli(agent, args);
const out = (...args: readonly string[]) => runCli(agent, args).out;

describe('rollcall kv', () => {
  it('writes from an argument, a file and standard input, and reads back', () => {
    const file = path.join(dir, 'value.txt');
    fs.writeFileSync(file, 'from file');
    expect(cli('kv', 'put', 'a/b', 'hello')).toEqual({
      code: 0,
      out: 'Success! Data written to: a/b\n',
      err: '',
    });
    expect(cli('kv', 'put', 'a/c', `@${file}`).code).toBe(0);
    expect(runCli(agent, ['kv', 'put', 'a/d', '-'], 'from stdin').code).toBe(0);
    expect(out('kv', 'get', 'a/b')).toBe('hello\n');
    expect(out('kv', 'get', '-recurse', 'a/')).toBe('a/b:hello\na/c:from file\na/d:from stdin\n');
    expect(out('kv', 'get', '-keys', '-separator=', 'a')).toBe('a/b\na/c\na/d\n');
    expect(out('kv', 'get', '-keys', '')).toContain('a/\n');
    expect(out('kv', 'get', '-base64', 'a/b')).toBe('aGVsbG8=\n');
  });

  it('shows every field with -detailed', () => {
    cli('kv', 'put', '-flags=42', 'detail', 'x');
    expect(out('kv', 'get', '-detailed', 'detail')).toMatch(
      /^CreateIndex {6}\d+\nFlags {12}42\nKey {14}detail\nLockIndex {8}0\nModifyIndex {6}\d+\nSession {10}-\nValue {12}x\n$/,
    );
  });

  it('says what is missing', () => {
    expect(cli('kv', 'get', 'nope')).toEqual({ code: 1, out: '', err: 'Error! No key exists at: nope\n' });
    expect(cli('kv', 'get').err).toBe('Error! Missing KEY argument\n');
    expect(cli('kv', 'put', '-cas', 'x', 'y').err).toBe('Must specify -modify-index with -cas!\n');
    expect(cli('kv', 'put', '-acquire', 'x', 'y').err).toContain('Missing -session');
  });

  it('compares and sets', () => {
    expect(cli('kv', 'put', '-cas', '-modify-index=0', 'cas', '1').code).toBe(0);
    expect(cli('kv', 'put', '-cas', '-modify-index=0', 'cas', '2')).toEqual({
      code: 1,
      out: '',
      err: 'Error! Did not write to cas: CAS failed\n',
    });
    expect(cli('kv', 'delete', '-cas', '-modify-index=1', 'cas').code).toBe(1);
  });

  it('refuses what is no base64 and writes nothing', () => {
    expect(cli('kv', 'put', '-base64', 'b64', '%%').code).toBe(1);
    expect(cli('kv', 'get', 'b64').code).toBe(1);
    expect(cli('kv', 'put', '-base64', 'b64', 'aGk=').code).toBe(0);
    expect(out('kv', 'get', 'b64')).toBe('hi\n');
  });

  it('exports what import reads', () => {
    cli('kv', 'put', 'e/1', 'one');
    const exported = out('kv', 'export', 'e/');
    expect(exported).toBe('[\n\t{\n\t\t"key": "e/1",\n\t\t"flags": 0,\n\t\t"value": "b25l"\n\t}\n]\n');
    expect(runCli(agent, ['kv', 'import', '-prefix=copy/', '-'], exported).out).toBe('Imported: copy/e/1\n');
    expect(out('kv', 'get', 'copy/e/1')).toBe('one\n');
    expect(cli('kv', 'import', '{"a":1}').code).toBe(1);
  });

  it('deletes a key and a tree', () => {
    expect(out('kv', 'delete', 'e/1')).toBe('Success! Deleted key: e/1\n');
    expect(out('kv', 'delete', '-recurse', 'copy/')).toBe('Success! Deleted keys with prefix: copy/\n');
    expect(cli('kv', 'get', 'copy/e/1').code).toBe(1);
  });
});

describe('other commands', () => {
  it('fires an event', () => {
    expect(out('event', '-name=deploy', 'payload')).toMatch(/^Event ID: [0-9a-f-]{36}\n$/);
    expect(cli('event').err).toBe('Event name must be specified\n');
  });

  it('takes a service and the node out and lists them', () => {
    cli('services', 'register', '-name=m');
    expect(out('maint', '-enable', '-service=m', '-reason=disk')).toBe(
      'Service maintenance is now enabled for "m"\n',
    );
    expect(out('maint', '-enable')).toBe('Node maintenance is now enabled\n');
    expect(out('maint')).toContain('Service:\n  ID:     m\n  Reason: disk\n');
    expect(out('maint')).toContain('Node:\n  Name:   n1\n');
    expect(out('maint', '-disable')).toBe('Node maintenance is now disabled\n');
    expect(out('maint', '-disable', '-service=m')).toBe('Service maintenance is now disabled for "m"\n');
    expect(out('maint')).toBe('');
    expect(cli('maint', '-enable', '-service=nope').code).toBe(1);
  });

  it('saves, inspects and restores a snapshot', () => {
    const file = path.join(dir, 's.snap');
    cli('kv', 'put', 'snap/1', 'kept');
    expect(out('snapshot', 'save', file)).toMatch(/^Saved and verified snapshot to index \d+\n$/);
    expect(out('snapshot', 'inspect', '-kvdetails', file)).toMatch(
      /^ID +1-\d+-\d+\nSize +\d+\nIndex +\d+\nTerm +1\nVersion +1\n[\s\S]*keys +\d+[\s\S]*snap\/1 +1 +\d+/,
    );
    cli('kv', 'put', 'snap/1', 'changed');
    expect(out('snapshot', 'restore', file)).toBe('Restored snapshot\n');
    expect(out('kv', 'get', 'snap/1')).toBe('kept\n');
    fs.appendFileSync(file, 'x');
    fs.writeFileSync(file, 'no snapshot');
    expect(cli('snapshot', 'restore', file).err).toContain('Error reading snapshot');
    expect(cli('snapshot', 'inspect', '/nowhere').code).toBe(1);
  });

  it('creates, lists, executes and deletes a prepared query', () => {
    cli('services', 'register', '-name=q', '-port=81', '-tag=blue', '-address=10.0.0.7');
    const id = /^Created query: ([0-9a-f-]{36})\n$/.exec(
      out('query', 'create', '-name=blue', '-service=q', '-tag=blue'),
    )?.[1];
    expect(out('query', 'list')).toContain(`${id}  blue  q`);
    expect(out('query', 'execute', 'blue')).toContain('10.0.0.7:81');
    expect(cli('query', 'create').code).toBe(1);
    expect(out('query', 'delete', id ?? '')).toBe(`Deleted query: ${id}\n`);
    expect(out('query', 'list')).toBe('There are no prepared queries.\n');
  });

  it('lists checks, worst first', () => {
    expect(out('checks')).toMatch(/^Node {2}Service {2}Check +Status +Output\nn1 +- +serfHealth +passing/);
    expect(JSON.parse(out('checks', '-format=json'))).toHaveLength(1);
  });

  it('prints numbers about the agent and a new key', () => {
    expect(out('info')).toMatch(/^agent:\n\tcheck_monitors = 0\n/);
    expect(out('keygen')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  });
});
