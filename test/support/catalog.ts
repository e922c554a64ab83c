/**
 * A catalog without an agent: state, indexes, watch and writer over any store, and short ways to say "register this".
 */
import type { DeregisterCommand, RegisterCommand } from '../../src/catalog/command.ts';
import { Installer } from '../../src/catalog/installer.ts';
import type { Persistence } from '../../src/catalog/persistence.ts';
import { reduce } from '../../src/catalog/reduce.ts';
import type { Room } from '../../src/catalog/room.ts';
import { State } from '../../src/catalog/state.ts';
import { TABLES, type View } from '../../src/catalog/tables.ts';
import { TopicIndexes, topicsOf } from '../../src/catalog/topics.ts';
import { Watch } from '../../src/catalog/watch.ts';
import { Writer } from '../../src/catalog/writer.ts';
import { systemRandom } from '../../src/lib/random.ts';
import type { CheckId, NodeName, ServiceDefinition, ServiceId, ServiceName } from '../../src/model/types.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { manualClock } from './manual-clock.ts';

export async function startCatalog(
  persistence: Persistence = memoryStore(),
  makeRoom?: (view: View) => Pick<Room, 'admit' | 'onInstalled'>,
) {
  const clock = manualClock();
  const state = new State(TABLES);
  const stored = await persistence.load();
  state.load(stored.rows, stored.index);
  const indexes = new TopicIndexes(stored.index);
  const watch = new Watch(clock);
  const installed: number[] = [];
  const installer = new Installer({ state, indexes, watch, topicsOf });
  installer.onInstalled((_applied, index) => void installed.push(index));
  const room = makeRoom?.(state.view);
  if (room) installer.onInstalled((applied) => room.onInstalled(applied));
  const writer = new Writer({
    specs: TABLES,
    reduce,
    state,
    installer,
    persistence,
    clock,
    random: systemRandom,
    ...(room && { admit: (changes, view) => room.admit(changes, view) }),
  });
  return { clock, state, indexes, watch, installer, writer, installed };
}

/** A definition with everything at its default but the given fields. */
export function service(fields: {
  name: string;
  id?: string;
  tags?: string[];
  port?: number;
}): ServiceDefinition {
  return {
    id: (fields.id ?? fields.name) as ServiceId,
    name: fields.name as ServiceName,
    kind: '',
    tags: fields.tags ?? [],
    address: '',
    taggedAddresses: null,
    meta: null,
    port: fields.port ?? 0,
    socketPath: '',
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
    locality: null,
  };
}

/** Put a service (and the node under it) into the catalog. */
export function registerService(node: string, definition?: ServiceDefinition): RegisterCommand {
  return {
    kind: 'register',
    node: { name: node as NodeName, id: '', address: '10.0.0.1', taggedAddresses: null, meta: null },
    skipNodeUpdate: false,
    ...(definition && { service: definition }),
    checks: [],
  };
}

/** Put one check into the catalog, of the node or of one of its services. */
export function registerCheck(
  node: string,
  check: { id: string; status: 'passing' | 'warning' | 'critical'; serviceId?: string },
): RegisterCommand {
  return {
    ...registerService(node),
    checks: [
      {
        node: node as NodeName,
        id: check.id as CheckId,
        name: check.id,
        status: check.status,
        notes: '',
        output: '',
        serviceId: (check.serviceId ?? '') as ServiceId,
        type: '',
        interval: '',
        timeout: '',
        exposedPort: 0,
        definition: {},
      },
    ],
  };
}

export const deregister = (node: string, serviceId?: string): DeregisterCommand => ({
  kind: 'deregister',
  node,
  ...(serviceId !== undefined && { serviceId }),
});
