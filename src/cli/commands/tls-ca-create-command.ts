/**
 * `rollcall tls ca create`: an authority for the certificates of agents, in two files.
 */
import { systemRandom } from '../../lib/random.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import { writeCertificate } from '../new-files.ts';
import { validityOf } from '../validity.ts';

const DEFAULT_DAYS = 1_825;

async function run({ flags, io }: CommandInput): Promise<number> {
  const { createAuthority } = await import('../../tls/create-certificate.ts');
  const domain = flags.text('domain') ?? 'consul';
  const permittedNames = flags.isOn('name-constraint')
    ? [...flags.list('additional-name-constraint'), domain, 'localhost']
    : [];
  const made = await createAuthority({
    ...validityOf(flags, DEFAULT_DAYS),
    random: systemRandom,
    permittedNames,
  });
  writeCertificate(io, [`${domain}-agent-ca.pem`, `${domain}-agent-ca-key.pem`], made);
  return 0;
}

export const command: Command = {
  summary: 'Create a certificate authority for agents',
  flags: [
    { name: 'days', value: 'N', doc: 'Days for which it is valid, 1825 when not given.' },
    {
      name: 'domain',
      value: 'NAME',
      doc: 'Domain of the agents, consul when not given; the files are named for it.',
    },
    { name: 'name-constraint', doc: 'Let it certify names below the domain and localhost only.' },
    {
      name: 'additional-name-constraint',
      value: 'NAME',
      doc: 'With -name-constraint: names below this one too. May be repeated.',
    },
  ],
  isClient: false,
  examples: ['rollcall tls ca create'],
  run,
};
