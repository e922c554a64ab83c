/**
 * `rollcall maint`: takes the node or a service out of all answers, puts it back, or lists what is out.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';

interface Check {
  readonly Node: string;
  readonly CheckID: string;
  readonly Notes: string;
  readonly ServiceID: string;
}

const SERVICE_MARK = '_service_maintenance:';

async function list({ flags, io, client }: CommandInput): Promise<number> {
  const checks = Object.values(await client().get<Readonly<Record<string, Check>>>('/v1/agent/checks'));
  const marks = checks.filter(
    ({ CheckID }) => CheckID === '_node_maintenance' || CheckID.startsWith(SERVICE_MARK),
  );
  if (wantsJson(flags)) io.out(JSON.stringify(marks, null, 2));
  else
    for (const { CheckID, Node, Notes } of marks) {
      const isService = CheckID.startsWith(SERVICE_MARK);
      const first = isService
        ? `Service:\n  ID:     ${CheckID.slice(SERVICE_MARK.length)}`
        : `Node:\n  Name:   ${Node}`;
      io.out(`${first}\n  Reason: ${Notes}\n`);
    }
  return 0;
}

interface Draining {
  readonly ServiceID: string;
  readonly Ends: string;
}

/** Time in ms between two looks at a drain. */
const LOOK_MS = 250;

/** Wait until a drain is over; false when the user did not. */
async function drained({ client, interrupted }: CommandInput, service: string): Promise<boolean> {
  const agent = client();
  while (!interrupted.aborted) {
    const drains = await agent.get<readonly Draining[]>('/v1/agent/drains');
    if (!drains.some(({ ServiceID }) => ServiceID === service)) return true;
    await delay(LOOK_MS, undefined, { signal: interrupted }).catch(() => {});
  }
  return false;
}

function refuseContradictions(flags: CommandInput['flags']): void {
  const [isOn, isOff, drain] = [flags.isOn('enable'), flags.isOn('disable'), flags.text('drain')];
  if (isOn && isOff) throw new AppError('bad_request', 'Only one of -enable or -disable may be provided');
  if (isOff && drain !== undefined)
    throw new AppError('bad_request', 'Only one of -drain or -disable may be provided');
  if (drain === undefined && (flags.text('until') !== undefined || flags.isOn('deregister')))
    throw new AppError('bad_request', '-until and -deregister need -drain, like -drain=30s');
  if (isOn || isOff || drain !== undefined) return;
  if (flags.text('reason')) throw new AppError('bad_request', 'Reason may only be provided with -enable');
  if (flags.text('service')) throw new AppError('bad_request', 'Service requires either -enable or -disable');
}

async function run(input: CommandInput): Promise<number> {
  const { flags, io, client } = input;
  refuseContradictions(flags);
  const [service, drain, isOff] = [flags.text('service'), flags.text('drain'), flags.isOn('disable')];
  if (!isOff && !flags.isOn('enable') && drain === undefined) return list(input);
  const path =
    service === undefined
      ? '/v1/agent/maintenance'
      : `/v1/agent/service/maintenance/${encodeURIComponent(service)}`;
  const query = {
    enable: String(!isOff),
    reason: flags.text('reason'),
    drain,
    until: flags.text('until'),
    deregister: flags.isOn('deregister') ? 'true' : undefined,
  };
  await client().ok('PUT', path, { query });
  const state = `maintenance is now ${isOff ? 'disabled' : 'enabled'}`;
  io.out(service === undefined ? `Node ${state}` : `Service ${state} for ${JSON.stringify(service)}`);
  if (drain === undefined) return 0;
  io.out(`Draining for ${drain} at most`);
  if (await drained(input, service ?? '')) {
    io.out(flags.isOn('deregister') ? 'Drained and deregistered' : 'Drained');
    return 0;
  }
  io.err('The drain goes on without you; -disable ends it');
  return 1;
}

export const command: Command = {
  summary: 'Take the node or a service out of all answers, or back in',
  description:
    'Without flags lists what is in maintenance on this agent. -drain returns when nothing has to be waited for any more.',
  flags: [
    { name: 'enable', doc: 'Out of all answers.' },
    { name: 'disable', doc: 'Back in.' },
    { name: 'drain', value: 'DURATION', doc: 'Out of all answers, and wait so long for what is under way.' },
    { name: 'until', value: 'CHECK', doc: 'With -drain: do not wait longer than until this check passes.' },
    { name: 'deregister', doc: 'With -drain: deregister the service afterwards.' },
    { name: 'reason', value: 'TEXT', doc: 'Why; shown with the check.' },
    { name: 'service', value: 'ID', doc: 'This service instead of the whole node.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  refusedAs: ({ flags }) => {
    const isOff = flags.isOn('disable');
    if (!isOff && !flags.isOn('enable') && flags.text('drain') === undefined)
      return 'Error querying Consul agent';
    const what = flags.text('service') === undefined ? 'node' : 'service';
    return `Error ${isOff ? 'disabling' : 'enabling'} ${what} maintenance`;
  },
  isLong: true,
  examples: [
    'rollcall maint -enable -service=web -reason="new disk"',
    'rollcall maint -drain=30s -service=web',
    'rollcall maint -disable -service=web',
  ],
  run,
};
