/** No image is built here, so the Dockerfile is read: what an image needs and what most often goes wrong. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSource, repositoryDir } from '../support/source-files.ts';

interface Instruction {
  readonly word: string;
  readonly text: string;
}

/** Continued lines joined, comments left out. */
function instructionsOf(file: string): Instruction[] {
  const text = readSource(file)
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ');
  return [...text.matchAll(/^([A-Z]+)\s+(.*)$/gm)].map(([, word = '', rest = '']) => ({ word, text: rest }));
}

const all = instructionsOf('Dockerfile');
const stages = all.filter(({ word }) => word === 'FROM');
const lastFrom = all.findLastIndex(({ word }) => word === 'FROM');
const final = all.slice(lastFrom);
const settingOf = (word: string): string | undefined => final.find((one) => one.word === word)?.text;

/** Sources of COPY instructions that read the build context. */
const contextSources = all
  .filter(({ word, text }) => word === 'COPY' && !text.startsWith('--from='))
  .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));

describe('Dockerfile', () => {
  test('builds in a stage of its own', () => {
    expect(stages.length).toBe(2);
    expect(final.filter(({ word, text }) => word === 'RUN' && /npm (ci|install)/.test(text))).toEqual([]);
  });

  test('copies only what exists and is not ignored', () => {
    const kept = readSource('.dockerignore').matchAll(/^!(.+)$/gm);
    const allowed = new Set([...kept].map(([, name]) => name));
    expect(contextSources.length).toBeGreaterThan(0);
    for (const source of contextSources) {
      expect(fs.existsSync(path.join(repositoryDir, source)), source).toBe(true);
      expect(allowed, source).toContain(source);
    }
    expect([...allowed].filter((name) => !contextSources.includes(name ?? ''))).toEqual([]);
  });

  test('takes nothing from a stage that has another name', () => {
    const names = stages.flatMap(({ text }) => / AS (\S+)$/.exec(text)?.[1] ?? []);
    const taken = all.flatMap(({ word, text }) => (word === 'COPY' && /^--from=(\S+)/.exec(text)?.[1]) || []);
    expect(taken.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('runs as a user that is not root, given by number', () => {
    expect(settingOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test('keeps data in a volume that this user may write', () => {
    expect(settingOf('VOLUME')).toBe('/data');
    const beforeUser = final.slice(
      0,
      final.findIndex(({ word }) => word === 'USER'),
    );
    expect(beforeUser.some(({ text }) => /install -d -o node -g node \/data/.test(text))).toBe(true);
    expect(JSON.parse(settingOf('CMD') ?? '[]')).toContain('-data-dir=/data');
  });

  test('is asked for its health through the program itself and ends by SIGTERM', () => {
    expect(settingOf('HEALTHCHECK')).toMatch(/CMD \["rollcall", "members"\]$/);
    expect(settingOf('STOPSIGNAL')).toBe('SIGTERM');
    expect(JSON.parse(settingOf('ENTRYPOINT') ?? '')).toEqual(['rollcall']);
  });

  test('brings the etcd that servers with others beside them start', () => {
    const installs = final.filter(({ word, text }) => word === 'RUN' && text.includes('apt-get install'));
    expect(installs.map(({ text }) => text).join(' ')).toMatch(/\betcd-server\b/);
  });

  test('brings a Node that package.json accepts', () => {
    const { engines } = JSON.parse(readSource('package.json')) as { engines: { node: string } };
    const oldest = Number(/>=(\d+)/.exec(engines.node)?.[1]);
    for (const { text } of stages) {
      expect(Number(/^node:(\d+)/.exec(text)?.[1])).toBeGreaterThan(oldest);
    }
  });
});
