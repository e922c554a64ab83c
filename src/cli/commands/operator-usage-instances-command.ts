/**
 * `rollcall operator usage instances`: how many instances of services are registered.
 */
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { describeFailure } from '../describe-failure.ts';

interface Usage {
  readonly Services: number;
  readonly ConnectServiceInstances: Readonly<Record<string, number>>;
  readonly BillableServiceInstances: number;
}

interface Line {
  readonly datacenter: string;
  /** The number of services, or the kind of them. */
  readonly what: string;
  readonly instances: number;
}

/** Spaces between the columns, as Consul has them. */
const GAP = 6;

function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + GAP))).join('');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

interface Table {
  readonly head: string;
  readonly lines: readonly Line[];
  /** What stands before the number of all instances. */
  readonly total: string;
  readonly areDatacentersShown: boolean;
}

function table({ head, lines, total, areDatacentersShown }: Table): string {
  if (!areDatacentersShown)
    return columns([
      [head, 'Service instances'],
      ...lines.map(({ what, instances }) => [what, String(instances)]),
    ]);
  const sum = lines.reduce((all, { instances }) => all + instances, 0);
  return columns([
    ['Datacenter', head, 'Service instances'],
    ...lines.map(({ datacenter, what, instances }) => [datacenter, what, String(instances)]),
    ['', '', ''],
    ['Total', total, String(sum)],
  ]);
}

type Datacenters = readonly (readonly [string, Usage])[];

function billableText(datacenters: Datacenters, areDatacentersShown: boolean): string {
  const lines = datacenters.map(([datacenter, { Services, BillableServiceInstances }]) => {
    return { datacenter, what: String(Services), instances: BillableServiceInstances };
  });
  const all = lines.reduce((sum, { instances }) => sum + instances, 0);
  const services = datacenters.reduce((sum, [, { Services }]) => sum + Services, 0);
  return [
    `Billable Service Instances Total: ${all}`,
    ...lines.map(({ datacenter, instances }) => `${datacenter} Billable Service Instances: ${instances}`),
    '\nBillable Services',
    `${table({ head: 'Services', lines, total: String(services), areDatacentersShown })}\n`,
  ].join('\n');
}

function meshText(datacenters: Datacenters, areDatacentersShown: boolean): string {
  const lines = datacenters.flatMap(([datacenter, { ConnectServiceInstances }]) => {
    const kinds = Object.entries(ConnectServiceInstances).sort(([one], [other]) => (one < other ? -1 : 1));
    return kinds.map(([what, instances]) => ({ datacenter, what, instances }));
  });
  return `Connect Services\n${table({ head: 'Type', lines, total: '', areDatacentersShown })}`;
}

async function run({ flags, io, client }: CommandInput): Promise<number> {
  const [isBillableOnly, isMeshOnly] = [flags.isOn('billable'), flags.isOn('connect')];
  if (isBillableOnly && isMeshOnly)
    throw new AppError('bad_request', 'Cannot specify both -billable and -connect flags');
  const isEverywhere = flags.isOn('all-datacenters');
  const { Usage: usage } = await describeFailure('Error fetching usage information', () =>
    client().get<{ readonly Usage: Readonly<Record<string, Usage>> }>('/v1/operator/usage', {
      global: isEverywhere ? '' : undefined,
    }),
  );
  const datacenters = Object.entries(usage).sort(([one], [other]) => (one < other ? -1 : 1));
  if (!isMeshOnly) io.out(billableText(datacenters, isEverywhere));
  if (!isBillableOnly) io.out(meshText(datacenters, isEverywhere));
  return 0;
}

export const command: Command = {
  summary: 'Count the instances of services',
  flags: [
    { name: 'billable', doc: 'Only what Consul would bill.' },
    { name: 'connect', doc: 'Only what belongs to a service mesh.' },
    { name: 'all-datacenters', doc: 'Of all datacenters.' },
  ],
  isClient: true,
  examples: ['rollcall operator usage instances'],
  run,
};
