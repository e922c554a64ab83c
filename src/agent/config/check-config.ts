/**
 * What must hold between the values of a configuration, beyond the type of each.
 *
 * Returns problems with the option that has to change; throws nothing and changes nothing.
 */
import { isIP } from 'node:net';
import { EMPTY_ANSWER_POLICIES, parseRecursor } from '../../dns/dns-config.ts';
import { builtinHttp } from '../../lib/builtin-http.ts';
import { hintOf } from '../../lib/nearest.ts';
import { CLUSTER_RULES } from './check-cluster.ts';
import { checkPage } from './check-page.ts';
import { problem, type Rule, type RuleProblem } from './config-rule.ts';
import type { Config, OptionKey } from './options.ts';

const DATACENTER = /^[a-zA-Z0-9_-]+$/;
const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const META_KEY = /^[a-zA-Z0-9_-]{1,128}$/;
const MAX_META_PAIRS = 64;
const MAX_META_VALUE = 512;

function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

const checkIdentity: Rule = (config, isDev) => {
  const problems: RuleProblem[] = [];
  if (!isDev && config.data_dir === '')
    problems.push({
      key: 'data_dir',
      text: 'data_dir cannot be empty: give -data-dir, or -dev to keep nothing',
    });
  if (!DATACENTER.test(config.datacenter))
    problems.push(
      problem(
        'datacenter',
        `must contain only letters, digits, - and _, not ${JSON.stringify(config.datacenter)}`,
      ),
    );
  if (config.node_id !== '' && !UUID.test(config.node_id))
    problems.push(problem('node_id', `must be a UUID, not ${config.node_id}`));
  if (config.node_name.trim() === '' && config.node_name !== '')
    problems.push(problem('node_name', 'cannot be blank'));
  return problems;
};

const checkMeta: Rule = ({ node_meta: meta }) => {
  const pairs = Object.entries(meta);
  if (pairs.length > MAX_META_PAIRS)
    return [problem('node_meta', `at most ${MAX_META_PAIRS} pairs, not ${pairs.length}`)];
  return pairs.flatMap(([key, value]) => {
    if (key.startsWith('consul-')) return [problem('node_meta', `key ${key} is reserved ("consul-")`)];
    if (!META_KEY.test(key))
      return [problem('node_meta', `key ${JSON.stringify(key)} may hold up to 128 letters, digits, - and _`)];
    return value.length > MAX_META_VALUE
      ? [problem('node_meta', `value of ${key} is longer than ${MAX_META_VALUE}`)]
      : [];
  });
};

const checkTelemetry: Rule = ({ 'telemetry.otlp_endpoint': endpoint }) =>
  endpoint === '' || (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol))
    ? []
    : [
        problem(
          'telemetry.otlp_endpoint',
          // What stands there is not quoted: a collector's address may hold its key.
          'must be an address as http://collector:4318/v1/metrics',
        ),
      ];

const ADDRESS_KEYS = ['bind_addr', 'advertise_addr', 'advertise_addr_wan'] as const;
const ADDRESS_LIST_KEYS = [
  'client_addr',
  'addresses.dns',
  'addresses.http',
  'addresses.https',
  'addresses.dns_tls',
] as const;
const MAY_BE_SOCKETS: ReadonlySet<string> = new Set(['addresses.http', 'addresses.https']);

/** HTTP may listen on the file of a UNIX socket. */
const UNIX_SOCKET = /^unix:\/\/\/./;

const checkAddresses: Rule = (config) => [
  ...ADDRESS_KEYS.filter((key) => config[key] !== '' && !isAddress(config[key])).map((key) =>
    problem(key, `invalid ip address: ${config[key]}`),
  ),
  ...ADDRESS_LIST_KEYS.flatMap((key) =>
    config[key]
      .filter((address) => !isAddress(address) && !(MAY_BE_SOCKETS.has(key) && UNIX_SOCKET.test(address)))
      .map((address) => problem(key, `invalid ip address: ${address}`)),
  ),
  ...(['0.0.0.0', '::'].includes(config.advertise_addr)
    ? [problem('advertise_addr', 'cannot be 0.0.0.0 or ::; name the address that others can reach')]
    : []),
];

const checkPorts: Rule = (config) => {
  const { 'ports.dns': dns, 'ports.http': http, 'ports.https': https, 'ports.dns_tls': dot } = config;
  if (dns < 0 && http < 0 && https < 0 && dot < 0)
    return [problem('ports.http', 'is off, as ports.dns is: nobody could ask this agent anything')];
  const ports = Object.entries({
    'ports.dns': dns,
    'ports.http': http,
    'ports.https': https,
    'ports.dns_tls': dot,
  });
  return ports.flatMap(([key, port], i) => {
    const before = port > 0 && ports.slice(0, i).find(([, other]) => other === port);
    return before ? [problem(key as OptionKey, `is ${port}, as ${before[0]} is`)] : [];
  });
};

const checkWatches: Rule = ({ watches, 'ports.http': http, 'ports.https': https }) =>
  watches.length > 0 && http <= 0 && https <= 0
    ? [problem('watches', 'ask the HTTP API of this agent; give ports.http or ports.https a fixed port')]
    : [];

/** Headers that say how an answer is framed: another value would make every answer unreadable. */
const FRAMING_HEADERS = new Set(['content-length', 'transfer-encoding', 'content-encoding', 'connection']);

/** What is wrong with a header; undefined when nothing is. */
function headerFault(name: string, value: string): string | undefined {
  if (FRAMING_HEADERS.has(name.toLowerCase())) return `${name} is set by the server itself`;
  try {
    builtinHttp.validateHeaderName(name);
    builtinHttp.validateHeaderValue(name, value);
    return undefined;
  } catch {
    return `${JSON.stringify(name)}: ${JSON.stringify(value)} is no header; names are letters, digits and dashes, values one line of Latin text`;
  }
}

const checkHeaders: Rule = (config) =>
  Object.entries(config['http_config.response_headers']).flatMap(([name, value]) => {
    const fault = headerFault(name, value);
    return fault === undefined ? [] : [problem('http_config.response_headers', fault)];
  });

const DOMAIN =
  /^(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.?$/;

const checkDomains: Rule = (config) =>
  (['domain', 'alt_domain'] as const).flatMap((key) => {
    const text = config[key];
    if (text === '' && key === 'alt_domain') return [];
    return DOMAIN.test(text) && text.length <= 253
      ? []
      : [problem(key, `${JSON.stringify(text)} is no domain name`)];
  });

const checkRecursors: Rule = ({ recursors }) =>
  recursors
    .filter((text) => parseRecursor(text) === undefined)
    .map((text) =>
      problem(
        'recursors',
        `${JSON.stringify(text)} is no address; write 10.0.0.2, 10.0.0.2:5353 or [::1]:53`,
      ),
    );

const checkEmptyAnswers: Rule = (config) =>
  Object.entries(config['dns_config.empty_answer_by_service'])
    .filter(([, policy]) => !EMPTY_ANSWER_POLICIES.some((known) => known === policy))
    .map(([service, policy]) =>
      problem(
        'dns_config.empty_answer_by_service',
        `${service} must be one of ${EMPTY_ANSWER_POLICIES.join(', ')}, not ${policy}${hintOf(policy, EMPTY_ANSWER_POLICIES)}`,
      ),
    );

const RULES: readonly Rule[] = [
  checkIdentity,
  checkMeta,
  checkTelemetry,
  checkAddresses,
  checkPorts,
  checkWatches,
  checkDomains,
  checkRecursors,
  checkHeaders,
  checkEmptyAnswers,
  checkPage,
  ...CLUSTER_RULES,
];

/** Every rule that the configuration breaks, [] when it is sound. Never throws. */
export function checkConfig(config: Config, isDev: boolean): readonly RuleProblem[] {
  return RULES.flatMap((rule) => rule(config, isDev));
}
