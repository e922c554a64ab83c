/** Every file of config/ is one that an agent accepts, and what starts an agent here gives it flags that mean something. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ACCEPTED_FLAGS } from '../../src/agent/config/accepted-keys.ts';
import { repositoryDir, sourceFiles } from '../support/source-files.ts';

const files = sourceFiles('config/*.json', 'config/*.hcl');

test('npm start and the image give no flag that has no meaning', () => {
  const scripts = JSON.parse(fs.readFileSync(path.join(repositoryDir, 'package.json'), 'utf8')).scripts as {
    start: string;
  };
  const image = /^CMD (.*)$/m.exec(fs.readFileSync(path.join(repositoryDir, 'Dockerfile'), 'utf8'))?.[1];
  const given = [...`${scripts.start} ${image}`.matchAll(/[\s"]-([a-z-]+)/g)].map(([, flag]) => flag);
  expect(given).toContain('server');
  expect(given.filter((flag) => Object.hasOwn(ACCEPTED_FLAGS, flag ?? ''))).toEqual([]);
});

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
