import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dockerProbe } from '../../../../src/checks/kinds/docker-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';
import { httpTarget } from '../../../support/targets.ts';

interface Engine {
  readonly handler: http.RequestListener;
  readonly asked: string[];
}

/** The three calls of an engine; container `web` exists, its programs print `said` and end with `exitCode`. */
function engine(exitCode: number, said: string): Engine {
  const asked: string[] = [];
  const handler: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
      if (request.url === '/containers/web/exec') response.writeHead(201).end('{"Id":"e1"}');
      else if (request.url === '/exec/e1/start') response.end(said);
      else if (request.url === '/exec/e1/json') response.end(JSON.stringify({ ExitCode: exitCode }));
      else if (request.url === '/containers/paused/exec') response.writeHead(409).end();
      else response.writeHead(404).end('{"message":"no"}');
    });
  };
  return { handler, asked };
}

const check = (DockerContainerID: string): object => ({ DockerContainerID, Args: ['/check', 'me'] });

test.each([
  [0, 'passing'],
  [1, 'warning'],
  [2, 'critical'],
])('exit code %i in the container is %s, with its output', async (code, status) => {
  const { handler, asked } = engine(code, 'said\r\n');
  const probe = dockerProbe(`tcp://127.0.0.1:${await httpTarget(handler)}`);
  expect(await runProbe(probe, check('web'))).toEqual({ status, output: 'said\n' });
  expect(JSON.parse(asked[0]?.replace(/^\S+ \S+ /, '') ?? '')).toMatchObject({ Cmd: ['/check', 'me'] });
});

test('the engine may listen on a socket in the file system', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-docker-'));
  const socket = path.join(folder, 'docker.sock');
  const server = http.createServer(engine(0, 'ok').handler);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.close();
    fs.rmSync(folder, { recursive: true });
  });
  expect(await runProbe(dockerProbe(`unix://${socket}`), check('web'))).toEqual({
    status: 'passing',
    output: 'ok',
  });
});

test('a container that is unknown or paused, and an engine that is not there, are critical with the reason', async () => {
  const probe = dockerProbe(`tcp://127.0.0.1:${await httpTarget(engine(0, '').handler)}`);
  expect((await runProbe(probe, check('gone'))).output).toBe(
    'create exec failed for unknown container "gone"',
  );
  expect((await runProbe(probe, check('paused'))).output).toBe(
    'create exec failed since container "paused" is paused or stopped',
  );
  const none = await runProbe(dockerProbe('unix:///no/such.sock'), check('web'));
  expect([none.status, none.output]).toEqual(['critical', expect.stringContaining('/no/such.sock')]);
});

test('the container cannot be a path to another call of the engine', async () => {
  const { handler, asked } = engine(0, '');
  const probe = dockerProbe(`tcp://127.0.0.1:${await httpTarget(handler)}`);
  await runProbe(probe, check('../images/x'));
  expect(asked[0]).toMatch(/^POST \/containers\/\.\.%2Fimages%2Fx\/exec /);
});

test('an engine that does not answer costs the time limit', async () => {
  const probe = dockerProbe(`tcp://127.0.0.1:${await httpTarget(() => {})}`);
  expect(await runProbe(probe, check('web'), { timeoutMs: 100 })).toEqual({
    status: 'critical',
    output: 'timed out',
  });
});
