/**
 * How what this agent runs looks in the catalog.
 */
import type { CheckInput, RegisterCommand } from '../catalog/command.ts';
import { formatDuration } from '../lib/duration.ts';
import type { ProbeSpec, ServiceDefinition } from '../model/types.ts';
import type { LocalCheck } from './local-check.ts';

/** The `Type` of a check in the API. */
const CHECK_TYPES: Readonly<Record<ProbeSpec['kind'], string>> = {
  http: 'http',
  tcp: 'tcp',
  udp: 'udp',
  grpc: 'grpc',
  h2ping: 'h2ping',
  script: 'script',
  docker: 'docker',
  'os-service': 'os_service',
  alias: 'alias',
  ttl: 'ttl',
  none: 'maintenance',
};

const durationText = (ms: number): string => (ms === 0 ? '' : formatDuration(ms));

/** The catalog's row of a check, as its registration gives it. */
export function catalogCheck(
  node: string,
  { definition, status, output }: Pick<LocalCheck, 'definition' | 'status' | 'output'>,
): CheckInput {
  return {
    node: node as CheckInput['node'],
    id: definition.id,
    name: definition.name,
    status,
    notes: definition.notes,
    output,
    serviceId: definition.serviceId,
    type: CHECK_TYPES[definition.probe.kind],
    interval: durationText(definition.intervalMs),
    timeout: durationText(definition.timeoutMs),
    exposedPort: 0,
    definition: {},
  };
}

/** Write a service and checks of this node; the node's own row is only made when it is missing. */
export function registerHere(
  node: RegisterCommand['node'],
  service: ServiceDefinition | undefined,
  checks: readonly CheckInput[],
): RegisterCommand {
  const command = { kind: 'register', node, skipNodeUpdate: true, checks } as const;
  return service === undefined ? command : { ...command, service };
}
