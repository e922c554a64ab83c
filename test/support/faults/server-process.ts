/**
 * One real server as a process, with the etcd that it starts, or one client agent, on an address of its own: to be killed,
 * stopped and started.
 *
 * What it wrote is kept in a file, because it outlives many starts. Nothing here waits for it to be well; that is asked
 * over its API (fault-cluster.ts).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../../bin/rollcall.js', import.meta.url));
const STOP_TIMEOUT_MS = 20_000;

export interface ServerPlace {
  readonly name: string;
  readonly address: string;
  readonly dataDir: string;
  /** It is a client agent. */
  readonly isClient?: boolean;
  /** What it writes goes there; beside its data when absent. */
  readonly logFile?: string;
  /** Put before the command: a network namespace, a limit. */
  readonly within?: readonly string[];
  readonly args: readonly string[];
}

/** As /proc/net/tcp has it. */
const ESTABLISHED = '01';
const addressOf = (hex: string): string => Buffer.from(hex, 'hex').reverse().join('.');

/** Which of its processes a signal is for. */
export type Part = 'agent' | 'etcd' | 'machine';

export class ServerProcess {
  readonly place: ServerPlace;
  readonly httpUrl: string;
  readonly logFile: string;
  #child: ChildProcess | undefined;
  /** When it was last started or went on, in ms; undefined while it is down or stopped. */
  upSinceMs: number | undefined;

  constructor(place: ServerPlace) {
    this.place = place;
    this.httpUrl = `http://${place.address}:8500`;
    this.logFile = place.logFile ?? path.join(path.dirname(place.dataDir), `${place.name}.log`);
  }

  get name(): string {
    return this.place.name;
  }

  get isUp(): boolean {
    return this.upSinceMs !== undefined;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  start(): void {
    const { within = [], args, dataDir, name, address, isClient = false } = this.place;
    const common = [
      'agent',
      ...(isClient ? [] : ['-server']),
      '-node',
      name,
      '-bind',
      address,
      '-client',
      address,
      '-data-dir',
      dataDir,
    ];
    const [program = '', ...rest] = [...within, process.execPath, LAUNCHER, ...common, ...args];
    const log = fs.openSync(this.logFile, 'a');
    const child = spawn(program, rest, { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    const endWithUs = (): void => void child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', () => {
      process.off('exit', endWithUs);
      if (this.#child === child) this.upSinceMs = undefined;
    });
    this.#child = child;
    this.upSinceMs = performance.now();
  }

  /** Addresses at the other ends of its connections to this port. */
  connectedTo(port: number): readonly string[] {
    try {
      const rows = fs.readFileSync(`/proc/${this.pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
      const ends = rows
        .map((row) => row.trim().split(/\s+/))
        .filter(([, , , state]) => state === ESTABLISHED);
      return ends.flatMap(([, , end = '']) => {
        const [address = '', hexPort = ''] = end.split(':');
        return parseInt(hexPort, 16) === port ? [addressOf(address)] : [];
      });
    } catch {
      return []; // it has ended
    }
  }

  /** The process id of the etcd that it started; undefined when none runs. */
  etcdPid(): number | undefined {
    try {
      const children = fs
        .readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8')
        .trim()
        .split(' ');
      const isEtcd = (pid: string): boolean => fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'etcd';
      const found = children.filter(Boolean).find(isEtcd);
      return found === undefined ? undefined : Number(found);
    } catch {
      return undefined; // it ended between two looks
    }
  }

  /** Send a signal to the agent, to its etcd, or to both. */
  signal(name: NodeJS.Signals, part: Part): void {
    const etcd = part === 'agent' ? undefined : this.etcdPid();
    const agent = part === 'etcd' ? undefined : this.pid;
    for (const pid of [agent, etcd]) {
      if (!pid) continue;
      try {
        process.kill(pid, name);
      } catch {
        // It has ended meanwhile.
      }
    }
    if (agent === undefined) return;
    if (name === 'SIGSTOP' || name === 'SIGKILL') this.upSinceMs = undefined;
    if (name === 'SIGCONT') this.upSinceMs = performance.now();
  }

  /** End it as a power cut would, with its etcd. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL', 'machine');
    await this.#ended();
  }

  /** SIGTERM, and its exit status; null when a signal ended it. */
  async stop(): Promise<number | null> {
    this.signal('SIGCONT', 'machine');
    this.upSinceMs = undefined;
    this.#child?.kill('SIGTERM');
    const lastResort = setTimeout(() => this.signal('SIGKILL', 'machine'), STOP_TIMEOUT_MS);
    await this.#ended();
    clearTimeout(lastResort);
    return this.#child?.exitCode ?? null;
  }

  /** The end of what it wrote. */
  output(): string {
    try {
      return fs.readFileSync(this.logFile, 'utf8').slice(-4_000);
    } catch {
      return '';
    }
  }

  async #ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await once(child, 'exit');
  }
}
