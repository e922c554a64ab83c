/**
 * What survives the end of the process: kill -9 with writes under way, and an ordered stop.
 */
import { spawnSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let dataDir = '';

beforeEach(() => {
  dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-data-'));
});
afterEach(() => {
  fs.rmSync(dataDir, { recursive: true, force: true });
});

/** Start and end of a Node that does nothing, on an idle machine of 2 cores, ms. */
const USUAL_EMPTY_PROGRAM_MS = 45;

function emptyProgramMs(): number {
  const startedMs = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - startedMs;
}

async function register(agent: RunningAgent, id: string): Promise<boolean> {
  try {
    const body = JSON.stringify({ ID: id, Name: 'web', Port: 80, Address: '10.0.0.1' });
    const response = await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
    return response.ok;
  } catch {
    return false;
  }
}

async function registeredIds(agent: RunningAgent): Promise<Set<string>> {
  const response = await fetch(`${agent.httpUrl}/v1/catalog/service/web`);
  const rows = (await response.json()) as { ServiceID: string }[];
  return new Set(rows.map(({ ServiceID }) => ServiceID));
}

describe('an agent with a data directory', () => {
  it('loses nothing that it acknowledged when it is killed with writes under way', async () => {
    const agent = await startAgent({ dataDir });
    const acknowledged: string[] = [];
    let next = 0;
    const writers = Array.from({ length: 16 }, async () => {
      for (;;) {
        const id = `web-${next++}`;
        if (!(await register(agent, id))) return;
        acknowledged.push(id);
        if (acknowledged.length === 300) await agent.kill();
      }
    });
    await Promise.all(writers);
    expect(acknowledged.length).toBeGreaterThanOrEqual(300);

    const again = await startAgent({ dataDir });
    try {
      const kept = await registeredIds(again);
      expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
      const local = await fetch(`${again.httpUrl}/v1/agent/services`);
      expect(Object.keys((await local.json()) as object).length).toBeGreaterThanOrEqual(acknowledged.length);
    } finally {
      await again.stop();
    }
  });

  it('answers DNS from the stored catalog with its first answer after a restart', async () => {
    const agent = await startAgent({ dataDir });
    expect(await register(agent, 'web-1')).toBe(true);
    await agent.kill();
    const again = await startAgent({ dataDir });
    try {
      const resolver = new Resolver({ timeout: 1_000, tries: 1 });
      resolver.setServers([`127.0.0.1:${again.dnsPort}`]);
      expect(await resolver.resolve4('web.service.consul')).toEqual(['10.0.0.1']);
    } finally {
      await again.stop();
    }
  });

  it('keeps its node id', async () => {
    const nodeId = async (agent: RunningAgent): Promise<string> => {
      const response = await fetch(`${agent.httpUrl}/v1/agent/self`);
      return ((await response.json()) as { Config: { NodeID: string } }).Config.NodeID;
    };
    const first = await startAgent({ dataDir });
    const id = await nodeId(first);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await first.stop()).toBe(0);
    const second = await startAgent({ dataDir });
    expect(await nodeId(second)).toBe(id);
    await second.stop();
  });

  it('ends with status 0 on SIGTERM and on SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const agent = await startAgent({ dataDir });
      expect(await agent.stop(signal)).toBe(0);
    }
  });

  it('answers within 0.8 s of the command, on a machine that is not busy', async () => {
    const first = await startAgent({ dataDir });
    await first.stop();
    const times: number[] = [];
    for (let run = 0; run < 5 && Math.min(...times, Number.POSITIVE_INFINITY) >= 800; run += 1) {
      // What an empty program takes tells how much slower than usual everything is at the moment.
      const slowdown = Math.max(1, emptyProgramMs() / USUAL_EMPTY_PROGRAM_MS);
      const agent = await startAgent({ dataDir });
      times.push(agent.readyAfterMs / slowdown);
      await agent.stop();
    }
    expect(Math.min(...times)).toBeLessThan(800);
  });
});
