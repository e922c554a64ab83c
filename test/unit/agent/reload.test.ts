import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { Reloader } from '../../../src/agent/reload.ts';
import { CurrentConfig } from '../../../src/agent/settings.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startLocal } from '../../support/local-agent.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-reloader-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

async function reloader(): Promise<{ reload: () => Promise<unknown>; ids: () => readonly string[] }> {
  const configuration = { isDev: true, paths: [dir], format: undefined, flags: [], fragments: [], env: {} };
  const loaded = await loadConfig(configuration);
  const { local } = await startLocal();
  const watchers = {
    replace: () => ({ added: [], removed: [] }),
    preview: () => ({ added: [], removed: [] }),
  };
  const made = new Reloader({
    configuration,
    current: new CurrentConfig(loaded, new Uint8Array(32)),
    security: { replace: () => {} },
    acl: { configure: () => {} },
    local,
    watchers,
    agentLog: { log: silentLogger, setLevel: () => {} },
    remarks: [],
  });
  return { reload: () => made.reload(), ids: () => [...local.services().keys()] };
}

describe('Reloader', () => {
  it('answers all that ask while a reload runs with one more, which sees the files as they are then', async () => {
    const { reload, ids } = await reloader();
    const first = reload();
    await Promise.resolve();
    const storm = Array.from({ length: 50 }, () => reload());
    fs.writeFileSync(path.join(dir, 'a.json'), '{ "service": { "name": "a" } }');
    const results = await Promise.all([first, ...storm]);
    expect(new Set(results).size).toBe(2);
    expect(ids()).toEqual(['a']);
  });

  it('goes on after a reload that was refused', async () => {
    const { reload, ids } = await reloader();
    fs.writeFileSync(path.join(dir, 'a.json'), '{ broken');
    await expect(reload()).rejects.toThrow('not valid JSON');
    fs.writeFileSync(path.join(dir, 'a.json'), '{ "service": { "name": "a" } }');
    await reload();
    expect(ids()).toEqual(['a']);
  });
});
