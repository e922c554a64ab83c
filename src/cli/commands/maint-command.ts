/**
 * `rollcall maint`: takes the node or a service out of all answers, puts it back, or lists what is out.
 */
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

async function run(input: CommandInput): Promise<number> {
  const { flags, io, client } = input;
  const [isOn, isOff, service] = [flags.isOn('enable'), flags.isOn('disable'), flags.text('service')];
  if (isOn && isOff) throw new AppError('bad_request', 'Only one of -enable or -disable may be provided');
  if (!isOn && !isOff) {
    if (flags.text('reason')) throw new AppError('bad_request', 'Reason may only be provided with -enable');
    if (service) throw new AppError('bad_request', 'Service requires either -enable or -disable');
    return list(input);
  }
  const path =
    service === undefined
      ? '/v1/agent/maintenance'
      : `/v1/agent/service/maintenance/${encodeURIComponent(service)}`;
  await client().ok('PUT', path, { query: { enable: String(isOn), reason: flags.text('reason') } });
  const state = `maintenance is now ${isOn ? 'enabled' : 'disabled'}`;
  io.out(service === undefined ? `Node ${state}` : `Service ${state} for ${JSON.stringify(service)}`);
  return 0;
}

export const command: Command = {
  summary: 'Take the node or a service out of all answers, or back in',
  description: 'Without flags lists what is in maintenance on this agent.',
  flags: [
    { name: 'enable', doc: 'Out of all answers.' },
    { name: 'disable', doc: 'Back in.' },
    { name: 'reason', value: 'TEXT', doc: 'Why; shown with the check.' },
    { name: 'service', value: 'ID', doc: 'This service instead of the whole node.' },
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: [
    'rollcall maint -enable -service=web -reason="new disk"',
    'rollcall maint -disable -service=web',
  ],
  run,
};
