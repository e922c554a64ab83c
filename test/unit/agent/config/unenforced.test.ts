import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookUpKey } from '../../../../src/agent/config/known-keys.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/agent/config/load-config.ts';
import { UNENFORCED } from '../../../../src/agent/config/unenforced.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-unenforced-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

interface Sources {
  readonly files?: readonly object[];
  readonly flags?: readonly { readonly flag: string; readonly value: string }[];
  readonly fragments?: readonly string[];
}

function load({ files = [], flags = [], fragments = [] }: Sources): Promise<LoadedConfig> {
  const paths = files.map((json, i) => {
    const file = path.join(dir, `${i}.json`);
    fs.writeFileSync(file, JSON.stringify(json));
    return file;
  });
  return loadConfig({ isDev: true, paths, format: undefined, flags, fragments, env: {} });
}

const REFUSED = /^not enforced by this agent: .*accept_unenforced = true \(-accept-unenforced\)$/;

describe('a configuration that asks for protection which nobody gives', () => {
  it.each<[string, Sources]>([
    ['audit.enabled', { fragments: ['audit { enabled = true }'] }],
    ['audit.enabled', { fragments: ['audit = [{ Enabled = true }]'] }],
    ['auto_encrypt.tls', { files: [{ auto_encrypt: { tls: true } }] }],
  ])('is refused with one line that names %s and the remedy', async (key, sources) => {
    const refusal = await load(sources).then(
      () => 'started',
      (error: Error) => error.message,
    );
    expect(refusal).toMatch(REFUSED);
    expect(refusal).toContain(key);
  });

  it('is named with its place, all of it in one line', async () => {
    const files = [{ audit: { enabled: true } }, { auto_encrypt: { tls: true } }];
    await expect(load({ files })).rejects.toThrow(
      `audit.enabled (${dir}/0.json), auto_encrypt.tls (${dir}/1.json);`,
    );
  });

  it('starts when the operator says that he knows, with a warning', async () => {
    const { config, remarks } = await load({
      files: [{ accept_unenforced: true, audit: { enabled: true } }],
    });
    expect(config.accept_unenforced).toBe(true);
    expect(remarks).toEqual([{ level: 'warn', text: 'accepted, but not enforced by this agent: audit' }]);
    const flags = [{ flag: 'accept-unenforced', value: 'true' }];
    await load({ files: [{ audit: { enabled: true } }], flags });
  });
});

describe('a configuration that asks for nothing of the kind', () => {
  it.each<[string, Sources]>([
    ['switches that are off', { files: [{ verify_incoming: false, audit: { enabled: false } }] }],
    ['a port that is off', { files: [{ ports: { https: -1 } }] }],
    ['what a later source takes back', { files: [{ verify_outgoing: true }, { verify_outgoing: false }] }],
  ])('starts: %s', async (_name, sources) => {
    await expect(load(sources)).resolves.toBeDefined();
  });
});

it('every row is a key that is accepted, or lies below one', () => {
  const isAccepted = (key: string): boolean =>
    lookUpKey(key).kind === 'accepted' || (key.includes('.') && isAccepted(key.replace(/\.[^.]*$/, '')));
  expect(Object.keys(UNENFORCED).filter((key) => !isAccepted(key))).toEqual([]);
});
