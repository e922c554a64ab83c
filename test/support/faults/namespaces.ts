/**
 * Machines that can be cut from each other: a network namespace for each server, one bridge between them and the clients.
 *
 * A cut is a route that leads nowhere, in both namespaces, so that clients still reach each server while servers do not
 * reach each other: nothing is refused, everything is silent. Needs root and a kernel that has namespaces; delays would
 * need its `sch_netem` besides, which many kernels of containers have not.
 */
import { spawnSync } from 'node:child_process';

export interface Machines {
  /** Addresses, one for each machine. */
  readonly addresses: readonly string[];
  /** What to put before a command that is to run on a machine. */
  within(machine: number): readonly string[];
  /** Nothing gets from one machine to the other any more, in either direction. */
  cut(one: number, other: number): void;
  healAll(): void;
  remove(): void;
}

function ip(...args: string[]): boolean {
  return spawnSync('ip', args, { stdio: 'ignore' }).status === 0;
}

function mustIp(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

/** Whether this process may make network namespaces here. */
export function hasNamespaces(): boolean {
  const name = `rc-probe-${process.pid}`;
  if (process.getuid?.() !== 0 || !ip('netns', 'add', name)) return false;
  return ip('netns', 'del', name);
}

/** Make so many machines below `10.SUBNET.0.0/16`, reached from here by their addresses. */
export function makeMachines(count: number, subnet: number): Machines {
  // A namespace lives on while a process in it ends, so no run uses the names of another one.
  const id = `rc${(process.pid % 46_656).toString(36)}`;
  const bridge = `${id}br`;
  const nameOf = (machine: number): string => `${id}-${machine}`;
  const addresses = Array.from({ length: count }, (_, at) => `10.${subnet}.0.${at + 1}`);
  const cuts: (readonly [string, string])[] = [];
  const remove = (): void => {
    for (const at of addresses.keys()) {
      ip('link', 'del', `${id}v${at}`);
      ip('netns', 'del', nameOf(at));
    }
    ip('link', 'del', bridge);
  };
  remove(); // what an earlier run left behind
  mustIp('link', 'add', bridge, 'type', 'bridge');
  mustIp('addr', 'add', `10.${subnet}.255.1/16`, 'dev', bridge);
  mustIp('link', 'set', bridge, 'up');
  for (const [at, address] of addresses.entries()) {
    const [name, near, far] = [nameOf(at), `${id}v${at}`, 'eth0'];
    mustIp('netns', 'add', name);
    mustIp('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    mustIp('link', 'set', near, 'master', bridge, 'up');
    mustIp('-n', name, 'link', 'set', 'lo', 'up');
    mustIp('-n', name, 'addr', 'add', `${address}/16`, 'dev', far);
    mustIp('-n', name, 'link', 'set', far, 'up');
  }
  return {
    addresses,
    within: (machine) => ['ip', 'netns', 'exec', nameOf(machine)],
    cut: (one, other) => {
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        const route = `${addresses[to]}/32`;
        if (ip('-n', nameOf(from), 'route', 'add', 'blackhole', route)) cuts.push([nameOf(from), route]);
      }
    },
    healAll: () => {
      for (const [name, route] of cuts.splice(0)) ip('-n', name, 'route', 'del', 'blackhole', route);
    },
    remove,
  };
}
