/**
 * From the last octet of a target's answer to a changed DNS answer, and to the end of a blocking query: milliseconds.
 *
 * Twenty services whose targets fail and recover in turn with every run. The floor is one DNS exchange, which the figure
 * contains, because somebody has to ask.
 */
import dgram from 'node:dgram';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type RunningAgent, startAgent } from '../test/support/start-agent.ts';

const SERVICES = 20;
const SECONDS = 15;

type OnAnswer = (index: number, isUp: boolean, atMs: number) => void;

/** A target whose answers alternate; says when each was handed to the kernel. */
async function startTarget(onAnswer: OnAnswer): Promise<number> {
  const isUp = new Array<boolean>(SERVICES).fill(false);
  const server = http.createServer((request, response) => {
    const index = Number(request.url?.slice(1));
    isUp[index] = !isUp[index];
    response.writeHead(isUp[index] ? 200 : 500).end();
    onAnswer(index, isUp[index] === true, performance.now());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return (server.address() as AddressInfo).port;
}

function question(id: number, name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

interface Dns {
  /** Whether the name has an address now. */
  ask(name: string): Promise<boolean>;
  close(): void;
}

function dnsClient(port: number): Dns {
  const socket = dgram.createSocket('udp4');
  const waiting = new Map<number, (isUp: boolean) => void>();
  let next = 0;
  socket.on('message', (answer) => waiting.get(answer.readUInt16BE(0))?.(answer.readUInt16BE(6) > 0));
  return {
    ask: (name) =>
      new Promise((resolve) => {
        next = (next + 1) & 0xffff;
        waiting.set(next, resolve);
        socket.send(question(next, name), port, '127.0.0.1');
      }),
    close: () => socket.close(),
  };
}

async function untilDnsSays(dns: Dns, name: string, isUp: boolean, sinceMs: number): Promise<number> {
  while ((await dns.ask(name)) !== isUp && performance.now() - sinceMs < 900) await delay(0);
  return performance.now() - sinceMs;
}

/** Follow one service by blocking queries; tells the moment of each change. */
async function follow(agent: RunningAgent, name: string, onChange: (atMs: number) => void): Promise<void> {
  let index = '0';
  for (const endMs = performance.now() + SECONDS * 1_000; performance.now() < endMs; ) {
    const url = `${agent.httpUrl}/v1/health/service/${name}?index=${index}&wait=2s`;
    const answer = await fetch(url);
    await answer.arrayBuffer();
    const newest = answer.headers.get('x-consul-index') ?? '0';
    if (newest !== index) onChange(performance.now());
    index = newest;
  }
}

function line(what: string, samples: readonly number[]): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2);
  return `${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (${sorted.length} changes)`;
}

async function main(): Promise<void> {
  const agent = await startAgent();
  const dns = dnsClient(agent.dnsPort);
  const [toDns, toQuery]: [number[], number[]] = [[], []];
  const answeredMs = new Map<string, number>();
  const port = await startTarget((index, isUp, atMs) => {
    const name = `web-${index}`;
    answeredMs.set(name, atMs);
    untilDnsSays(dns, `${name}.service.consul`, isUp, atMs)
      .then((tookMs) => toDns.push(tookMs))
      .catch(() => {});
  });
  const names = Array.from({ length: SERVICES }, (_, i) => `web-${i}`);
  for (const [i, name] of names.entries()) {
    const Check = { HTTP: `http://127.0.0.1:${port}/${i}`, Interval: '1s' };
    const body = JSON.stringify({ Name: name, Address: '127.0.0.1', Port: 80, Check });
    await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
  }
  await Promise.all(
    names.map((name) => follow(agent, name, (atMs) => toQuery.push(atMs - (answeredMs.get(name) ?? atMs)))),
  );
  dns.close();
  await agent.stop();
  console.log(`${os.cpus()[0]?.model ?? '?'} ×${os.cpus().length}, Node ${process.version}`);
  console.log(line('answer of the target → DNS', toDns));
  console.log(line('answer of the target → end of a blocking query', toQuery));
}

await main();
