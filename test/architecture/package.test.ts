/** package.json and its lockfile: what a clean clone depends on to install anywhere. */
import { describe, expect, test } from 'vitest';
import { readSource } from '../support/source-files.ts';

interface Package {
  readonly version?: string;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readSource('package.json')) as {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const packages = Object.entries(
  (JSON.parse(readSource('package-lock.json')) as { packages: Record<string, Package> }).packages,
);
const nameOf = (key: string): string => key.replace(/^.*node_modules\//, '');

describe('package.json', () => {
  test('asks for exact versions', () => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('decides about each install script, and allows only the one that brings the runtime', () => {
    const withScripts = packages
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([key]) => nameOf(key));
    expect(withScripts.filter((name) => !Object.hasOwn(manifest.allowScripts, name))).toEqual([]);
    expect(Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name])).toEqual([
      'node',
    ]);
  });

  test('wants the Node that the launcher wants', () => {
    const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node) ?? [];
    expect(readSource('bin/rollcall.js')).toContain(`const OLDEST = { major: ${major}, minor: ${minor} };`);
  });

  test('starts the agent in the place of the shell, so that it gets the signals', () => {
    expect(manifest.scripts['start']).toMatch(
      /^MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 exec node .*bin\/rollcall\.js agent /,
    );
  });
});

describe('package-lock.json', () => {
  test('names no place of download', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test('has a row for the optional packages of every platform, without which npm ci refuses', () => {
    const known = new Set(packages.map(([key]) => nameOf(key)));
    const optional = packages.flatMap(([, one]) => Object.keys(one.optionalDependencies ?? {}));
    expect(optional.filter((name) => !known.has(name))).toEqual([]);
  });

  test('has the version of package.json', () => {
    expect(packages.find(([key]) => key === '')?.[1].version).toBe(manifest.version);
  });
});
