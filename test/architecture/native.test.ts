/** The libraries of native/ are committed: they must be those that the source makes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { build, COMPILERS, sourceDigest, versionOf } from '../../native/build.mjs';
import { describeWith } from '../support/needs-program.ts';
import { repositoryDir, sourceFiles } from '../support/source-files.ts';

const libraryOf = (name: string): Buffer =>
  fs.readFileSync(path.join(repositoryDir, 'native', `${name}.node`));
const all = Object.entries(COMPILERS);

describe('native/', () => {
  test('has a library for each row of build.mjs, and no other', () => {
    const expected = all.map(([name]) => `native/${name}.node`);
    expect(sourceFiles('native/*.node').sort()).toEqual(expected.sort());
  });

  test.each(all)('%s was made of the source as it stands', (name) => {
    const [said] = /source [0-9a-f]{64}/.exec(libraryOf(name).toString('latin1')) ?? [];
    expect(said).toBe(`source ${sourceDigest()}`);
  });

  test.each(all)('%s asks for no C library by name, so that it runs with any', (name) => {
    const text = libraryOf(name).toString('latin1');
    expect(text).toContain('napi_make_callback');
    expect(text).not.toMatch(/libc\.|GLIBC_|ld-linux/);
  });
});

for (const [name, compiler] of all) {
  describeWith(compiler, `${name}, made again`, () => {
    test('is the same octet by octet with the same compiler, and is made by any other', () => {
      const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-native-')), 'made.node');
      build(compiler, file);
      const made = fs.readFileSync(file);
      fs.rmSync(path.dirname(file), { recursive: true });
      const isSameCompiler = libraryOf(name).includes(`compiler ${versionOf(compiler)}`);
      if (isSameCompiler) expect(made.equals(libraryOf(name))).toBe(true);
      else expect(made.length).toBeGreaterThan(0);
    });
  });
}
