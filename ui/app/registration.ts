/**
 * What the form of a registration says, as the API takes it, and what is wrong with it in plain words before anybody sends it.
 * Pure. To add a kind of check: a row in CHECK_KINDS.
 */

export type Problems = Readonly<Record<string, string>>;

/** A field of a kind of check; `key` names it among what was typed. */
export interface CheckField {
  readonly key: string;
  readonly label: string;
  readonly placeholder?: string;
  readonly hint?: string;
  readonly isRequired?: true;
  /** One word a line. */
  readonly isList?: true;
  readonly isSwitch?: true;
  /** Why what was typed cannot be; '' when it can. */
  readonly refuse?: (text: string) => string;
}

export interface CheckKind {
  readonly kind: string;
  readonly title: string;
  readonly about: string;
  /** It is run every so often; others are reported or follow. */
  readonly isRun: boolean;
  readonly fields: readonly CheckField[];
}

const DURATION = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** A duration as Go writes it in ms; undefined for what is none. */
export function durationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  return [...text.matchAll(/([\d.]+)([a-zµ]+)/g)].reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (UNIT_MS[unit] ?? 0),
    0,
  );
}

const quoted = (text: string): string => `“${text}”`;

/** What is wrong with a time that has to be at least `leastMs`. */
export function refuseTime(text: string, leastMs: number, least: string): string {
  const ms = durationMs(text);
  if (ms === undefined) return `${quoted(text)} is no time: write 10s, 1m30s or 500ms.`;
  return ms < leastMs ? `${quoted(text)} is too short: the least is ${least}.` : '';
}

function refuseUrl(text: string): string {
  const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  return isUrl ? '' : `${quoted(text)} is no address: write http://HOST:PORT/PATH or https://…`;
}

const HOST_PORT = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+):(\d{1,5})$/;

function refuseEndpoint(text: string): string {
  const port = Number(HOST_PORT.exec(text)?.[1] ?? 0);
  if (port > 0 && port <= 65_535) return '';
  return `${quoted(text)} is no address with a port: write HOST:PORT or [IPv6]:PORT.`;
}

const refuseGrpc = (text: string): string => refuseEndpoint(text.replace(/\/.*$/, ''));

const ENDPOINT = { placeholder: '127.0.0.1:8080', isRequired: true, refuse: refuseEndpoint } as const;
const PROGRAM_HINT = 'The program and its arguments, one a line.';

export const CHECK_KINDS: readonly CheckKind[] = [
  {
    kind: '',
    title: 'none',
    about: 'Without a check the instance counts as passing.',
    isRun: false,
    fields: [],
  },
  {
    kind: 'http',
    title: 'HTTP',
    about: 'Passing with a status of 2xx, a warning with 429.',
    isRun: true,
    fields: [
      {
        key: 'HTTP',
        label: 'HTTP check',
        placeholder: 'http://127.0.0.1:8080/health',
        isRequired: true,
        refuse: refuseUrl,
      },
      { key: 'Method', label: 'Method', placeholder: 'GET' },
      { key: 'TLSSkipVerify', label: 'Take any certificate', isSwitch: true },
    ],
  },
  {
    kind: 'tcp',
    title: 'TCP',
    about: 'Passing when a connection can be made.',
    isRun: true,
    fields: [
      { key: 'TCP', label: 'TCP check', ...ENDPOINT },
      { key: 'TCPUseTLS', label: 'With TLS', isSwitch: true },
    ],
  },
  {
    kind: 'udp',
    title: 'UDP',
    about: 'Passing unless the machine says that nobody listens.',
    isRun: true,
    fields: [{ key: 'UDP', label: 'UDP check', ...ENDPOINT }],
  },
  {
    kind: 'grpc',
    title: 'gRPC',
    about: 'Passing when the health service of the program says SERVING.',
    isRun: true,
    fields: [
      {
        key: 'GRPC',
        label: 'gRPC check',
        placeholder: '127.0.0.1:8080/service',
        isRequired: true,
        refuse: refuseGrpc,
      },
      { key: 'GRPCUseTLS', label: 'With TLS', isSwitch: true },
    ],
  },
  {
    kind: 'h2ping',
    title: 'HTTP/2 ping',
    about: 'Passing when a PING is answered.',
    isRun: true,
    fields: [
      { key: 'H2PING', label: 'HTTP/2 check', ...ENDPOINT },
      { key: 'H2PingUseTLS', label: 'With TLS', isSwitch: true },
    ],
  },
  {
    kind: 'ttl',
    title: 'TTL',
    about: 'The program itself says how it is, and has to say it again before the time is over.',
    isRun: false,
    fields: [
      {
        key: 'TTL',
        label: 'Time',
        placeholder: '30s',
        isRequired: true,
        refuse: (text) => refuseTime(text, 1, 'more than 0'),
      },
    ],
  },
  {
    kind: 'script',
    title: 'program',
    about: 'Passing with exit status 0, a warning with 1. The agent must allow it: enable_script_checks.',
    isRun: true,
    fields: [
      {
        key: 'Args',
        label: 'Program',
        placeholder: '/usr/local/bin/check-web',
        hint: PROGRAM_HINT,
        isRequired: true,
        isList: true,
      },
    ],
  },
  {
    kind: 'docker',
    title: 'program in a Docker container',
    about: 'As a program, run inside the container. The agent must allow it: enable_script_checks.',
    isRun: true,
    fields: [
      { key: 'DockerContainerID', label: 'Container', isRequired: true },
      { key: 'Args', label: 'Program', hint: PROGRAM_HINT, isRequired: true, isList: true },
      { key: 'Shell', label: 'Shell', placeholder: '/bin/sh' },
    ],
  },
  {
    kind: 'alias',
    title: 'alias of another',
    about: 'As healthy as another instance of this agent, or as a node.',
    isRun: false,
    fields: [
      { key: 'AliasService', label: 'Id of the instance' },
      { key: 'AliasNode', label: 'Node' },
    ],
  },
  {
    kind: 'os_service',
    title: 'unit of systemd',
    about: 'Passing while the unit is active.',
    isRun: true,
    fields: [{ key: 'OSService', label: 'Unit', placeholder: 'nginx.service', isRequired: true }],
  },
];

export const checkKindOf = (kind: string): CheckKind =>
  CHECK_KINDS.find((row) => row.kind === kind) ?? (CHECK_KINDS[0] as CheckKind);

/** What was typed, as text; switches are 'yes' or ''. */
export interface Registration {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly port: string;
  readonly tags: readonly string[];
  readonly check: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly interval: string;
  readonly timeout: string;
  readonly deregisterAfter: string;
}

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const DNS_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

function refuseName(name: string): string {
  if (name === '') return 'The name of the service is missing.';
  if (CONTROL.test(name)) return 'A name cannot hold line ends, tabs or other control characters.';
  return name.trim() === name ? '' : 'A name cannot begin or end with a space.';
}

/** What may be given, and will surprise: a name that DNS does not have. */
export function nameWarning(name: string): string {
  if (name === '' || DNS_LABEL.test(name)) return '';
  return `DNS cannot find ${quoted(name)}: it takes letters, digits and hyphens, up to 63. The API can.`;
}

function refusePort(text: string): string {
  if (text === '') return '';
  const port = Number(text);
  return Number.isInteger(port) && port >= 0 && port <= 65_535 ? '' : 'A port is a number from 1 to 65535.';
}

function refuseAddress(text: string): string {
  if (text === '' || !/[\s/]/.test(text)) return '';
  return `${quoted(text)} is no address: write an IP address or a host name, without a port or http://.`;
}

function fieldProblems({ fields }: CheckKind, typed: Registration['fields']): Problems {
  return Object.fromEntries(
    fields.map(({ key, label, isRequired, refuse }) => {
      const text = (typed[key] ?? '').trim();
      if (text === '') return [key, isRequired ? `${label} is missing.` : ''];
      return [key, refuse?.(text) ?? ''];
    }),
  );
}

/** Problems by field; only fields that have one. */
export function problemsOf(form: Registration): Problems {
  const kind = checkKindOf(form.check);
  const isAliasOfNothing =
    kind.kind === 'alias' && !form.fields['AliasService']?.trim() && !form.fields['AliasNode']?.trim();
  const found: Problems = {
    name: refuseName(form.name),
    address: refuseAddress(form.address.trim()),
    port: refusePort(form.port.trim()),
    ...fieldProblems(kind, form.fields),
    ...(isAliasOfNothing && { AliasService: 'Say of which instance or node.' }),
    ...(kind.isRun && { interval: refuseTime(form.interval.trim(), 1_000, '1s') }),
    ...(kind.isRun &&
      form.timeout.trim() !== '' && { timeout: refuseTime(form.timeout.trim(), 1, 'more than 0') }),
    ...(kind.kind !== '' &&
      form.deregisterAfter.trim() !== '' && {
        deregisterAfter: refuseTime(form.deregisterAfter.trim(), 60_000, '1m'),
      }),
  };
  return Object.fromEntries(Object.entries(found).filter(([, text]) => text !== ''));
}

const wordsOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

function checkBody(form: Registration): object | undefined {
  const kind = checkKindOf(form.check);
  if (kind.kind === '') return undefined;
  const fields = kind.fields.map(({ key, isList, isSwitch }): readonly [string, unknown] => {
    const text = (form.fields[key] ?? '').trim();
    if (isSwitch) return [key, text === 'yes'];
    // What is undefined is not in JSON.
    return [key, text === '' ? undefined : isList ? wordsOf(text) : text];
  });
  const [timeout, after] = [form.timeout.trim(), form.deregisterAfter.trim()];
  return {
    ...Object.fromEntries(fields),
    ...(kind.isRun && { Interval: form.interval.trim() }),
    ...(kind.isRun && timeout !== '' && { Timeout: timeout }),
    ...(after !== '' && { DeregisterCriticalServiceAfter: after }),
  };
}

/** The body of `/v1/agent/service/register`. */
export function registrationBody(form: Registration): object {
  const [id, address, port] = [form.id.trim(), form.address.trim(), form.port.trim()];
  return {
    Name: form.name,
    ...(id !== '' && { ID: id }),
    ...(address !== '' && { Address: address }),
    ...(port !== '' && { Port: Number(port) }),
    Tags: form.tags,
    Check: checkBody(form),
  };
}
