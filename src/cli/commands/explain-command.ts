/**
 * `rollcall explain web.service.consul SRV`: how a DNS question is understood and why it is answered as it is.
 */
import { AppError } from '../../model/errors.ts';
import type { DnsExplanation, ExplainedInstance } from '../../model/explanation.ts';
import type { Paint } from '../colour.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { FORMAT_FLAG, wantsJson } from '../output.ts';
import { renderTable } from '../render.ts';

function instanceRow(each: ExplainedInstance): readonly string[] {
  const address = each.Port === 0 ? each.Address : `${each.Address}:${each.Port}`;
  return [
    each.Kept ? 'kept' : 'left out',
    each.Node,
    each.ServiceID,
    address,
    String(each.Weight),
    each.Reason,
  ];
}

function section(title: string, records: readonly string[]): readonly string[] {
  return records.length === 0 ? [] : ['', `${title}:`, ...records.map((each) => `  ${each}`)];
}

function describe(found: DnsExplanation, paint: Paint): string {
  const edns = found.PayloadBytes === 0 ? 'no EDNS' : `EDNS ${found.PayloadBytes}`;
  const client = found.Transport === 'udp' ? `UDP, ${edns}` : 'TCP';
  const facts = [
    ['Question', `${found.Name} ${found.Type}`],
    ['Asks for', found.Lookup],
    [
      'Answer',
      `${found.Rcode || '(of the recursor)'}, ${found.ReasonCode}${found.Summary && `: ${found.Summary}`}`,
    ],
    ['Records', `${found.Answer.length} of ${found.AnswersAvailable}, TTL ${found.TTLSeconds} s`],
    ['Size', `${found.Bytes} octets over ${client}${found.Truncated ? ', truncated (TC)' : ''}`],
    ['Policy', policyText(found)],
  ];
  const instances =
    found.Instances.length === 0
      ? []
      : [
          '',
          renderTable(
            [['Verdict', 'Node', 'ID', 'Address', 'Weight', 'Reason'], ...found.Instances.map(instanceRow)],
            paint,
          ),
        ];
  return [
    renderTable(facts),
    ...instances,
    ...section('Answer', found.Answer),
    ...section('Authority', found.Authority),
    ...section('Additional', found.Additional),
  ].join('\n');
}

function policyText({ OnlyPassing, EmptyAnswer, ProtectThreshold }: DnsExplanation): string {
  const health = OnlyPassing ? 'only passing instances' : 'passing and warning instances';
  const threshold = EmptyAnswer === 'fail_open' ? ` below ${ProtectThreshold * 100} % healthy` : '';
  return `${health}; when none is left: ${EmptyAnswer}${threshold}`;
}

async function run({ flags, args, io, client }: CommandInput): Promise<number> {
  const [name, type = 'A', ...rest] = args;
  if (name === undefined || rest.length > 0)
    throw new AppError('bad_request', 'explain takes a name and a type');
  const query = {
    name,
    type,
    ...(flags.isOn('tcp') && { transport: 'tcp' }),
    ...(flags.text('edns') !== undefined && { edns: flags.text('edns') }),
  };
  const found = await client().get<DnsExplanation>('/v1/dns/explain', query);
  io.out(wantsJson(flags) ? JSON.stringify(found, null, 2) : describe(found, io.paint));
  return 0;
}

export const command: Command = {
  summary: 'Say why a DNS question is answered as it is',
  args: 'NAME [TYPE]',
  flags: [
    { name: 'tcp', doc: 'As over TCP, where everything fits.' },
    {
      name: 'edns',
      value: 'OCTETS',
      doc: 'What the client offers over UDP; 0 is a client without EDNS (default 1232).',
    },
    FORMAT_FLAG,
  ],
  isClient: true,
  examples: ['rollcall explain web.service.consul SRV', 'rollcall explain -edns=0 web.service.consul'],
  run,
};
