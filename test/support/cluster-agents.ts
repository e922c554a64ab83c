/**
 * Real agents of one datacenter, each on a loopback address of its own with the default ports, for tests of several.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
const ANSWER_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 15_000;

export interface ClusterAgentOptions {
  readonly name: string;
  /** A loopback address that no other agent has. */
  readonly address: string;
  readonly args: readonly string[];
  /** Configuration beside the arguments. */
  readonly config?: object;
  /** Further files of configuration, as they stand. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export class ClusterAgent {
  readonly name: string;
  readonly address: string;
  readonly url: string;
  readonly #options: ClusterAgentOptions;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #output = '';
  #config: object;

  constructor(options: ClusterAgentOptions) {
    this.#options = options;
    this.#config = options.config ?? {};
    this.name = options.name;
    this.address = options.address;
    this.url = `http://${options.address}:8500`;
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), `rollcall-${options.name}-`));
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What it wrote to both of its outputs so far. */
  get output(): string {
    return this.#output;
  }

  /** Another configuration beside the arguments, for the next reload or start. */
  configure(config: object): void {
    fs.writeFileSync(path.join(this.#folder, 'agent.json'), JSON.stringify(config));
    this.#config = config;
  }

  /** Start it on its folder, and wait until its API answers. Rejects with its output when it does not. */
  async start(): Promise<void> {
    const { name, address, args, files = {}, env = {} } = this.#options;
    const file = path.join(this.#folder, 'agent.json');
    this.configure(this.#config);
    const more = Object.entries(files).map(([each, text]) => {
      fs.writeFileSync(path.join(this.#folder, each), text);
      return `-config-file=${path.join(this.#folder, each)}`;
    });
    const data = path.join(this.#folder, 'data');
    const own = [
      '-node',
      name,
      '-bind',
      address,
      '-client',
      address,
      '-data-dir',
      data,
      '-config-file',
      file,
    ];
    const child = spawn(process.execPath, [LAUNCHER, 'agent', ...own, ...more, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    process.once('exit', () => child.kill('SIGKILL'));
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output += chunk;
      });
    const deadline = performance.now() + ANSWER_TIMEOUT_MS;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${name} does not answer: ${this.#output}`);
      await delay(20);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      const { status } = await fetch(`${this.url}/v1/agent/version`, { signal: AbortSignal.timeout(1_000) });
      return status === 200 || status === 403;
    } catch {
      return false;
    }
  }

  /** The status and the body of a request, parsed where it is JSON. */
  async ask(
    pathAndQuery: string,
    init?: RequestInit,
  ): Promise<{ status: number; body: unknown; headers: Headers }> {
    const response = await fetch(this.url + pathAndQuery, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
  }

  async get<T>(pathAndQuery: string): Promise<T> {
    const { status, body } = await this.ask(pathAndQuery);
    if (status !== 200) throw new Error(`${this.name} ${pathAndQuery}: ${status} ${String(body)}`);
    return body as T;
  }

  async put(pathAndQuery: string, body?: unknown): Promise<unknown> {
    const given = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.ask(pathAndQuery, { method: 'PUT', body: given });
    if (answer.status !== 200)
      throw new Error(`${this.name} ${pathAndQuery}: ${answer.status} ${String(answer.body)}`);
    return answer.body;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** End it as a power cut would. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  /** SIGTERM, and its exit status. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    const lastResort = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended();
    clearTimeout(lastResort);
    return this.#child?.exitCode ?? null;
  }

  async ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, 'exit');
  }

  async remove(): Promise<void> {
    await this.kill();
    fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Member {
  readonly Name: string;
  readonly Status: number;
}

/** Statuses of the members that an agent knows, by their names. */
export async function memberStatuses(agent: ClusterAgent): Promise<Record<string, number>> {
  const members = await agent.get<readonly Member[]>('/v1/agent/members');
  return Object.fromEntries(members.map(({ Name, Status }) => [Name, Status]));
}

/** The ports in the SRV answer of an agent; the rcode's name when there is none. */
export async function srvPorts(agent: ClusterAgent, service: string): Promise<readonly number[] | string> {
  const resolver = new dns.Resolver({ timeout: 3_000, tries: 1 });
  resolver.setServers([`${agent.address}:8600`]);
  try {
    return (await resolver.resolveSrv(`${service}.service.consul`)).map(({ port }) => port);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}
