/**
 * `rollcall tls cert create`: a certificate for a server, a client agent or the command line, signed by an authority of
 * `tls ca create` or another one.
 */
import fs from 'node:fs';
import { parseIp } from '../../lib/ip.ts';
import { systemRandom } from '../../lib/random.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { AppError } from '../../model/errors.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { writeCertificate } from '../new-files.ts';
import { validityOf } from '../validity.ts';

const DEFAULT_DAYS = 365;
const KINDS = ['server', 'client', 'cli'] as const;
type Kind = (typeof KINDS)[number];

const WARNING = `==> WARNING: Server Certificates grants authority to become a
    server and access all state in the cluster including root keys
    and all ACL tokens. Do not distribute them to production hosts
    that are not server nodes. Store them as securely as CA keys.`;

function kindOf(flags: Flags): Kind {
  const [kind, ...others] = KINDS.filter((name) => flags.isOn(name));
  if (kind === undefined || others.length > 0)
    throw new AppError('bad_request', 'Please provide either -server, -client, or -cli');
  if (flags.text('node') !== undefined && kind !== 'server')
    throw new AppError('bad_request', '-node requires -server');
  return kind;
}

function readFile(what: string, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AppError('bad_request', `Error reading ${what}: open ${file}: ${systemErrorText(cause)}`, {
      cause,
    });
  }
}

/** The files of the first number that neither of them has. */
function freeFiles(prefix: string): readonly [certificate: string, key: string] {
  for (let number = 0; ; number += 1) {
    const files = [`${prefix}-${number}.pem`, `${prefix}-${number}-key.pem`] as const;
    if (!files.some((file) => fs.existsSync(file))) return files;
  }
}

function ipAddressesOf(flags: Flags): readonly string[] {
  const given = flags.list('additional-ipaddress');
  const wrong = given.find((text) => parseIp(text) === undefined);
  if (wrong !== undefined)
    throw new AppError(
      'bad_request',
      `invalid value ${JSON.stringify(wrong)} for flag -additional-ipaddress`,
    );
  return given;
}

/** Names as Consul writes them: an agent is known by its role, its datacenter and its domain. */
function namesOf(kind: Kind, flags: Flags) {
  const domain = flags.text('domain') ?? 'consul';
  const commonName = `${kind}.${flags.text('dc') ?? 'dc1'}.${domain}`;
  const node = flags.text('node');
  return {
    commonName,
    dnsNames: [
      ...flags.list('additional-dnsname'),
      ...(node === undefined ? [] : [`${node}.${commonName}`]),
      commonName,
      'localhost',
    ],
    ipAddresses: [...ipAddressesOf(flags), ...(kind === 'cli' ? [] : ['127.0.0.1'])],
    isForAgents: kind !== 'cli',
  };
}

async function run({ flags, io }: CommandInput): Promise<number> {
  const kind = kindOf(flags);
  const names = namesOf(kind, flags);
  const validity = validityOf(flags, DEFAULT_DAYS);
  const domain = flags.text('domain') ?? 'consul';
  const [ca, caKey] = [
    flags.text('ca') ?? `${domain}-agent-ca.pem`,
    flags.text('key') ?? `${domain}-agent-ca-key.pem`,
  ];
  const authority = { certificate: readFile('CA', ca), key: readFile('CA key', caKey) };
  if (kind === 'server') io.out(WARNING);
  io.out(`==> Using ${ca} and ${caKey}`);
  const { createCertificate } = await import('../../tls/create-certificate.ts');
  const made = await createCertificate({ ...validity, ...names, random: systemRandom }, authority);
  writeCertificate(io, freeFiles(`${flags.text('dc') ?? 'dc1'}-${kind}-${domain}`), made);
  return 0;
}

export const command: Command = {
  summary: 'Create a certificate for an agent or for the command line',
  flags: [
    { name: 'server', doc: 'For a server.' },
    { name: 'client', doc: 'For a client agent.' },
    { name: 'cli', doc: 'For the command line.' },
    { name: 'ca', value: 'FILE', doc: 'Certificate of the authority, DOMAIN-agent-ca.pem when not given.' },
    { name: 'key', value: 'FILE', doc: 'Its key, DOMAIN-agent-ca-key.pem when not given.' },
    { name: 'dc', value: 'NAME', doc: 'Datacenter, dc1 when not given.' },
    { name: 'domain', value: 'NAME', doc: 'Domain of the agents, consul when not given.' },
    {
      name: 'node',
      value: 'NAME',
      doc: 'With -server: the name of the server, as NAME.server.DC.DOMAIN too.',
    },
    { name: 'days', value: 'N', doc: 'Days for which it is valid, 365 when not given.' },
    { name: 'additional-dnsname', value: 'NAME', doc: 'Another name that it is for. May be repeated.' },
    { name: 'additional-ipaddress', value: 'IP', doc: 'Another address that it is for. May be repeated.' },
  ],
  isClient: false,
  examples: ['rollcall tls cert create -server', 'rollcall tls cert create -client -dc eu'],
  run,
};
