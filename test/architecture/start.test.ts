/** What would make every start slower stays out. */
import { expect, test } from 'vitest';
import { readSource, sourceFiles } from '../support/source-files.ts';

test('nobody imports node:http as an ES module, which loads undici (lib/builtin-http.ts)', () => {
  const importing = sourceFiles('src/*.ts').filter((file) =>
    /^import (?!type\b).* from 'node:http'/m.test(readSource(file)),
  );
  expect(importing).toEqual([]);
});

test('every thread gets the compile cache (lib/thread-env.ts)', () => {
  const bare = sourceFiles('src/*.ts').filter((file) => /new Worker\((?!.*\benv\b)/.test(readSource(file)));
  expect(bare).toEqual([]);
});
