/** Every file of config/ is one that an agent accepts. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryDir, sourceFiles } from '../support/source-files.ts';

const files = sourceFiles('config/*.json', 'config/*.hcl');

test('there are examples', () => {
  expect(files.length).toBeGreaterThan(0);
});

test.each(files)('%s is valid', (file) => {
  const launcher = path.join(repositoryDir, 'bin', 'rollcall.js');
  const result = spawnSync(process.execPath, [launcher, 'validate', file], {
    cwd: repositoryDir,
    encoding: 'utf8',
    env: { ...process.env, POD_NAME: 'user-api-7d9f', POD_IP: '10.0.0.7' },
  });
  expect(result.stdout + result.stderr).toBe('Configuration is valid!\n');
  expect(result.status).toBe(0);
});
