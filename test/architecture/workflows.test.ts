/**
 * The workflow that releases: GitHub's parser takes it, what it runs is there, and no job may do more than it says.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSource, repositoryDir, sourceFiles } from '../support/source-files.ts';

interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly {
    readonly run?: string;
    readonly uses?: string;
    readonly with?: Record<string, unknown>;
  }[];
}

const FILE = '.github/workflows/release.yml';
const { jobs, permissions } = parse(readSource(FILE)) as {
  readonly jobs: Readonly<Record<string, Job>>;
  readonly permissions: Readonly<Record<string, string>>;
};
const steps = Object.values(jobs).flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => run ?? []).join('\n');

const faultsOf = (file: string): string => {
  const parser = path.join(repositoryDir, 'test/support/parse-workflow.mjs');
  const { stdout, stderr, status } = spawnSync(process.execPath, [parser, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

describe('workflows', () => {
  test.each(sourceFiles('.github/workflows/*.yml'))('%s is one by the parser of GitHub', (file) => {
    expect(faultsOf(path.join(repositoryDir, file))).toBe('');
  });

  test('with a mistake are found out', () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-workflow-')), 'bad.yml');
    fs.writeFileSync(file, readSource(FILE).replace('runs-on:', 'run-on:'));
    expect(faultsOf(file)).toMatch(/run-on/);
    fs.rmSync(path.dirname(file), { recursive: true });
  });
});

describe('the release', () => {
  test('runs scripts and files that there are', () => {
    const { scripts } = JSON.parse(readSource('package.json')) as { scripts: Record<string, string> };
    const named = [...commands.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
    const files = [...commands.matchAll(/(?:bash|package|--notes-file) ([\w./-]+\/?[\w.-]+)/g)].map(
      ([, name = '']) => name,
    );
    expect(files).toEqual(expect.arrayContaining(['.ci/run', 'deploy/helm/rollcall', 'CHANGELOG.md']));
    expect(files.filter((file) => !fs.existsSync(path.join(repositoryDir, file)))).toEqual([]);
  });

  test('has the chart name the image that was published', () => {
    const [, script = ''] = /(sed -i .*values\.yaml)\n/.exec(commands) ?? [];
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-chart-'));
    const values = 'deploy/helm/rollcall/values.yaml';
    fs.mkdirSync(path.join(dir, path.dirname(values)), { recursive: true });
    fs.writeFileSync(path.join(dir, values), readSource(values));
    const env = { ...process.env, IMAGE: 'ghcr.io/somebody/rollcall' };
    expect(spawnSync('sh', ['-c', script], { cwd: dir, env }).status).toBe(0);
    const { image } = parse(fs.readFileSync(path.join(dir, values), 'utf8')) as {
      image: { repository: string };
    };
    expect(image.repository).toBe('ghcr.io/somebody/rollcall');
    fs.rmSync(dir, { recursive: true });
  });

  test('publishes nothing that was not tested', () => {
    const isTested = (name: string): boolean =>
      name === 'test' || [jobs[name]?.needs ?? []].flat().some(isTested);
    expect(Object.keys(jobs).filter((name) => !isTested(name))).toEqual([]);
  });

  test('lets each job do only what it says, and for a bounded time', () => {
    expect(permissions).toEqual({ contents: 'read' });
    const writers = Object.entries(jobs).flatMap(([name, job]) =>
      Object.entries(job.permissions ?? {}).flatMap(([what, level]) =>
        level === 'write' ? `${name} ${what}` : [],
      ),
    );
    expect(writers).toEqual([
      'debian id-token',
      'debian attestations',
      'npm id-token',
      'image packages',
      'image id-token',
      'image attestations',
      'chart packages',
      'release contents',
    ]);
    expect(Object.values(jobs).filter((job) => job['timeout-minutes'] === undefined)).toEqual([]);
  });

  test('builds the image for both architectures, with provenance and a list of its contents', () => {
    const build = steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({
      platforms: 'linux/amd64,linux/arm64',
      provenance: 'mode=max',
      sbom: true,
    });
    for (const [, argument = ''] of String(build?.with?.['build-args']).matchAll(/^(\w+)=/gm))
      expect(readSource('Dockerfile')).toMatch(new RegExp(`^ARG ${argument}=`, 'm'));
    expect(commands).toMatch(/npm pkg set .*repository\.url=[\s\S]*npm publish --provenance/);
  });
});
