/**
 * The guide of docs/operations.md: three instances behind HAProxy are restarted one after the other, under load.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { describeWith } from '../support/needs-program.ts';
import { type RunningProgram, recipe, startProgram } from '../support/recipe.ts';
import { startCli } from '../support/run-cli.ts';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

const NAMES = ['one', 'two', 'three'];
/** Longer than HAProxy keeps an instance that left DNS. */
const DRAIN = '6s';

let agent: RunningAgent;
let haproxy: RunningProgram;
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-rolling-'));
interface Place {
  readonly address: string;
  readonly port: number;
}

const backends = new Map<string, http.Server>();
let entry = '';

async function startBackend(name: string, { address, port }: Place): Promise<void> {
  const server = http.createServer((_request, answer) => {
    setTimeout(() => answer.end(name), 20);
  });
  server.listen(port, address);
  await once(server, 'listening');
  backends.set(name, server);
}

/** End as a restarted program does: at once, whatever is under way. */
function stopBackend(name: string): void {
  backends.get(name)?.closeAllConnections();
  backends.get(name)?.close();
}

async function maint(...args: string[]): Promise<void> {
  const child = startCli(agent, ['maint', ...args]);
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
}

/** Asks without a pause until it is told to stop. */
function load(): { seen: Map<string, number>; failures: string[]; stop(): Promise<void> } {
  const seen = new Map<string, number>();
  const failures: string[] = [];
  let goesOn = true;
  const asker = async (): Promise<void> => {
    while (goesOn) {
      try {
        const response = await fetch(entry);
        const text = await response.text();
        if (response.ok) seen.set(text, (seen.get(text) ?? 0) + 1);
        else failures.push(`${response.status}`);
      } catch (error) {
        failures.push(String(error));
      }
      await delay(5);
    }
  };
  const askers = Promise.all(Array.from({ length: 4 }, asker));
  return {
    seen,
    failures,
    stop: async () => {
      goesOn = false;
      await askers;
    },
  };
}

async function untilAnswers(seen: ReadonlyMap<string, number>, name: string): Promise<void> {
  const before = seen.get(name) ?? 0;
  for (let i = 0; (seen.get(name) ?? 0) <= before; i += 1) {
    if (i > 300) throw new Error(`${name} does not come back; answered so far: ${JSON.stringify([...seen])}`);
    await delay(50);
  }
}

describeWith('haproxy', 'a rolling restart', () => {
  beforeAll(async () => {
    agent = await startAgent();
    const port = await freePort();
    entry = `http://127.0.0.1:${port}/`;
    const conf = path.join(dir, 'haproxy.cfg');
    const replaced = {
      '127.0.0.1:8600': `127.0.0.1:${agent.dnsPort}`,
      '127.0.0.1:8080': `127.0.0.1:${port}`,
    };
    fs.writeFileSync(conf, recipe('haproxy.cfg', replaced));
    haproxy = startProgram('haproxy', ['-db', '-f', conf]);
  });

  afterAll(async () => {
    await haproxy?.stop();
    for (const name of NAMES) stopBackend(name);
    await agent?.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  it('fails no request when each instance is drained before it ends', { timeout: 90_000 }, async () => {
    const places = new Map<string, Place>();
    for (const [i, name] of NAMES.entries()) {
      const place = { address: `127.17.9.${i + 1}`, port: await freePort() };
      places.set(name, place);
      await startBackend(name, place);
      const response = await fetch(`${agent.httpUrl}/v1/agent/service/register`, {
        method: 'PUT',
        body: JSON.stringify({ ID: name, Name: 'web', Address: place.address, Port: place.port }),
      });
      expect(response.status).toBe(200);
    }
    const answers = (): Promise<boolean> =>
      fetch(entry).then(
        ({ ok }) => ok,
        () => false,
      );
    for (let i = 0; i < 100 && !(await answers()); i += 1) await delay(100);
    const running = load();
    for (const name of NAMES) await untilAnswers(running.seen, name);
    for (const name of NAMES) {
      await maint(`-drain=${DRAIN}`, `-service=${name}`, '-reason=version 42');
      const taken = running.seen.get(name);
      stopBackend(name);
      await delay(300);
      expect(running.seen.get(name)).toBe(taken);
      await startBackend(name, places.get(name) as Place);
      await maint('-disable', `-service=${name}`);
      await untilAnswers(running.seen, name);
    }
    await running.stop();
    expect(running.failures).toEqual([]);
  });
});
