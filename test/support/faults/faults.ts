/**
 * What can be done to servers, as a table: each fault hits some of them and gives back how it is undone.
 *
 * `machine` means the agent and its etcd at once. To add a fault: one row; it may answer undefined where it cannot be
 * done (no namespaces, no small disk), and is not counted then.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultCluster } from './fault-cluster.ts';
import type { Part, ServerProcess } from './server-process.ts';

export type Undo = () => Promise<void> | void;

export interface Target {
  readonly cluster: FaultCluster;
  readonly leader: ServerProcess;
  /** One that does not lead, where there is one. */
  readonly follower: ServerProcess;
  /** A client agent, where there is one, and the server that it attends. */
  readonly client?: ServerProcess | undefined;
  readonly attended?: ServerProcess | undefined;
}

export interface Fault {
  readonly name: string;
  readonly act: (target: Target) => Promise<Undo | undefined>;
  /** How long it lasts at most, in ms. */
  readonly mostMs: number;
}

type Who = 'leader' | 'follower' | 'client' | 'attended';

const NAMES: Readonly<Record<Who, string>> = {
  leader: 'leader',
  follower: 'follower',
  client: 'client agent',
  attended: 'server that a client agent attends',
};

const kill = (who: Who): Fault => ({
  name: `kill -9 of the ${NAMES[who]}'s machine`,
  mostMs: 3_000,
  act: async (target) => {
    const victim = target[who];
    await victim?.kill();
    return victim && (() => victim.start());
  },
});

const pause = (who: Who, part: Part): Fault => ({
  name: `SIGSTOP of the ${NAMES[who]}'s ${part}`,
  mostMs: 6_000,
  act: async (target) => {
    const victim = target[who];
    victim?.signal('SIGSTOP', part);
    return victim && (() => victim.signal('SIGCONT', part));
  },
});

/** Delays without a kernel that makes them: a machine that runs for some ms, stands for some ms, and so on. */
const stutter = (who: Who): Fault => ({
  name: `the ${NAMES[who]}'s machine stutters`,
  mostMs: 5_000,
  act: async (target) => {
    const server = target[who];
    if (server === undefined) return undefined;
    let isOver = false;
    const stuttering = (async () => {
      while (!isOver) {
        server.signal('SIGSTOP', 'machine');
        await delay(20 + Math.random() * 100);
        server.signal('SIGCONT', 'machine');
        await delay(20 + Math.random() * 60);
      }
    })();
    return async () => {
      isOver = true;
      await stuttering;
    };
  },
});

const killEtcd = (who: Who): Fault => ({
  name: `kill -9 of the ${who}'s etcd`,
  mostMs: 2_000,
  act: async (target) => {
    if (target[who]?.etcdPid() === undefined) return undefined;
    target[who].signal('SIGKILL', 'etcd');
    return () => {};
  },
});

const stop = (who: Who): Fault => ({
  name: `SIGTERM of the ${NAMES[who]}`,
  mostMs: 2_000,
  act: async (target) => {
    const victim = target[who];
    await victim?.stop();
    return victim && (() => victim.start());
  },
});

const cutFrom = (who: Who): Fault => ({
  name: `the ${NAMES[who]} is cut off from all others`,
  mostMs: 6_000,
  act: async ({ cluster: { machines, servers, clients }, ...target }) => {
    const victim = target[who];
    if (machines === undefined || victim === undefined) return undefined;
    const all = [...servers, ...clients];
    const at = all.indexOf(victim);
    for (const other of all.keys()) if (other !== at) machines.cut(at, other);
    return () => machines.healAll();
  },
});

/** A client agent does not reach its server any more, nor that the client; everybody else reaches both. */
const cutFromAttended: Fault = {
  name: 'a client agent and the server that it attends do not reach each other',
  mostMs: 6_000,
  act: async ({ cluster: { machines, servers, clients }, client, attended }) => {
    if (machines === undefined || client === undefined || attended === undefined) return undefined;
    machines.cut(servers.length + clients.indexOf(client), servers.indexOf(attended));
    return () => machines.healAll();
  },
};

const cutBetween: Fault = {
  name: 'leader and one follower do not reach each other',
  mostMs: 6_000,
  act: async ({ cluster: { machines, servers }, leader, follower }) => {
    if (machines === undefined) return undefined;
    machines.cut(servers.indexOf(leader), servers.indexOf(follower));
    return () => machines.healAll();
  },
};

const killAll: Fault = {
  name: 'kill -9 of all machines at once',
  mostMs: 1_000,
  act: async ({ cluster: { servers } }) => {
    await Promise.all(servers.map((server) => server.kill()));
    return () => {
      for (const server of servers) server.start();
    };
  },
};

const killMost: Fault = {
  name: 'kill -9 of all machines but one',
  mostMs: 3_000,
  act: async ({ cluster: { servers }, leader, follower }) => {
    const killed = servers.filter((server) => server !== follower);
    await Promise.all([leader, ...killed].map((server) => server.kill()));
    return () => {
      for (const server of killed) server.start();
    };
  },
};

const pauseAll: Fault = {
  name: 'SIGSTOP of all machines',
  mostMs: 4_000,
  act: async ({ cluster: { servers } }) => {
    for (const server of servers) server.signal('SIGSTOP', 'machine');
    return () => {
      for (const server of servers) server.signal('SIGCONT', 'machine');
    };
  },
};

const fullDisk: Fault = {
  name: 'the disk of one machine is full',
  mostMs: 4_000,
  act: async ({ cluster }) => cluster.fillDisk(),
};

/** For servers of a cluster. */
export const CLUSTER_FAULTS: readonly Fault[] = [
  kill('leader'),
  kill('follower'),
  pause('leader', 'agent'),
  pause('leader', 'machine'),
  pause('leader', 'etcd'),
  pause('follower', 'machine'),
  pause('follower', 'etcd'),
  stutter('leader'),
  stutter('follower'),
  killEtcd('leader'),
  killEtcd('follower'),
  stop('leader'),
  stop('follower'),
  cutFrom('leader'),
  cutFrom('follower'),
  cutBetween,
  killAll,
  killMost,
  pauseAll,
  fullDisk,
];

/** For client agents and the servers that they attend. */
export const CLIENT_FAULTS: readonly Fault[] = [
  kill('client'),
  pause('client', 'agent'),
  stop('client'),
  stutter('client'),
  cutFrom('client'),
  cutFromAttended,
  kill('attended'),
  pause('attended', 'machine'),
  pause('attended', 'agent'),
  stutter('attended'),
  cutFrom('attended'),
  stop('attended'),
  pause('leader', 'etcd'),
  killAll,
  killMost,
];

/** One of each sort, for a run of a minute. */
export const SHORT_FAULTS: readonly Fault[] = [
  kill('leader'),
  kill('follower'),
  pause('leader', 'machine'),
  pause('follower', 'etcd'),
  stutter('leader'),
  killEtcd('leader'),
  stop('leader'),
  killAll,
  killMost,
  cutFrom('leader'),
  cutBetween,
  fullDisk,
];

/** For one machine alone. */
export const SINGLE_FAULTS: readonly Fault[] = [kill('leader'), pause('leader', 'agent'), stop('leader')];
