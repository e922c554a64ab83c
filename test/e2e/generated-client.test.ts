/** A TypeScript client that somebody generates from the description of the API compiles strictly, and talks to an agent. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { generateApi } from 'swagger-typescript-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let dir = '';
let agent: RunningAgent;

beforeEach(async () => {
  // Below the project, so that its compiler finds the types of Node.
  dir = fs.mkdtempSync(path.join(import.meta.dirname, '../../dist/client-'));
  agent = await startAgent();
});
afterEach(async () => {
  await agent.stop();
  fs.rmSync(dir, { recursive: true, force: true });
});

const PROGRAM = `
import { Client } from './client.ts';
const { v1 } = new Client({ baseUrl: process.env['AGENT'] ?? '' });
await v1.putV1AgentServiceRegister({
  Name: 'web',
  Port: 80,
  Tags: ['blue'],
  Check: { TTL: '1m', Status: 'passing' },
});
await v1.putV1KvKey('app/name', 'shop');
const services: Record<string, string[]> = (await v1.getV1CatalogServices()).data;
const [entry] = (await v1.getV1HealthServiceService('web')).data;
const port: number | undefined = entry?.Service.Port;
const status: string | undefined = entry?.Checks.find(({ ServiceID }) => ServiceID === 'web')?.Status;
const keys = (await v1.getV1KvKey('app/name')).data;
const [pair] = keys;
const value = typeof pair === 'object' ? atob(pair.Value ?? '') : undefined;
console.log(JSON.stringify({ tags: services['web'], port, status, value }));
`;

const COMPILE = [
  '--ignoreConfig',
  '--strict',
  '--noEmitOnError',
  '--target',
  'es2024',
  '--module',
  'nodenext',
];

it('is generated, compiled and run', async () => {
  const file = path.join(dir, 'openapi.json');
  fs.writeFileSync(file, await (await fetch(`${agent.httpUrl}/v1/openapi.json`)).text());
  const options = { fileName: 'client.ts', apiClassName: 'Client', silent: true };
  await generateApi({ input: file, output: dir, ...options });
  // It asks not to be checked; it is.
  const client = path.join(dir, 'client.ts');
  fs.writeFileSync(client, fs.readFileSync(client, 'utf8').replace('// @ts-nocheck', ''));
  fs.writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}');
  fs.writeFileSync(path.join(dir, 'program.ts'), PROGRAM);
  const args = [...COMPILE, '--rewriteRelativeImportExtensions', '--types', 'node', 'program.ts'];
  const compiled = spawnSync('tsc', args, { cwd: dir, encoding: 'utf8' });
  expect(compiled.stdout).toBe('');
  const ran = spawnSync(process.execPath, ['program.js'], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, AGENT: agent.httpUrl },
  });
  expect(ran.stderr).toBe('');
  expect(JSON.parse(ran.stdout)).toEqual({ tags: ['blue'], port: 80, status: 'passing', value: 'shop' });
}, 60_000);
