/**
 * What must hold between options of an agent that has others beside it. As check-config.ts, for rows of options-cluster.ts.
 */
import { parseJoinAddress } from '../../cluster/join-address.ts';
import { roleOf } from '../agent-role.ts';
import { problem, type Rule, type RuleProblem } from './config-rule.ts';

const MAX_EXPECT = 7;
/** Lengths in octets of the keys that `keygen` and Consul's own make. */
const SECRET_BYTES: readonly number[] = [16, 24, 32];

const checkExpect: Rule = (config, isDev) => {
  const { bootstrap_expect: expect, bootstrap, server } = config;
  const problems: RuleProblem[] = [];
  if (expect > MAX_EXPECT)
    problems.push(problem('bootstrap_expect', `at most ${MAX_EXPECT} servers, not ${expect}`));
  if (expect > 1 && isDev)
    problems.push(problem('bootstrap_expect', 'a development agent is alone: take -dev out, or this'));
  if (expect > 1 && !isDev && !server)
    problems.push(problem('bootstrap_expect', 'only servers expect others: add server = true (-server)'));
  if (bootstrap && expect > 1)
    problems.push(problem('bootstrap', `contradicts bootstrap_expect = ${expect}`));
  if (expect > 1 && config['store.kind'] === 'sqlite')
    problems.push(problem('store.kind', `sqlite is one server's own; ${expect} servers share etcd`));
  return problems;
};

const checkStore: Rule = (config, isDev) => {
  const problems: RuleProblem[] = [];
  const isShared = config['store.kind'] === 'etcd';
  if (isShared && (isDev || !config.server))
    problems.push(
      problem('store.kind', 'etcd is the store of servers: add server = true (-server), without -dev'),
    );
  for (const endpoint of config['store.etcd.endpoints'])
    if (!/^https?:\/\/[^/\s]+:\d+$/.test(endpoint))
      problems.push(
        problem('store.etcd.endpoints', `${JSON.stringify(endpoint)} is not of the form https://host:2379`),
      );
  if ((config['store.etcd.cert_file'] === '') !== (config['store.etcd.key_file'] === ''))
    problems.push(problem('store.etcd.cert_file', 'a certificate and its key go together'));
  if (config['store.etcd.password'] !== '' && config['store.etcd.username'] === '')
    problems.push(problem('store.etcd.password', 'needs store.etcd.username'));
  const prefix = config['store.etcd.prefix'];
  if (prefix !== '' && !/^\/.*[^/]\/?$/.test(prefix))
    problems.push(problem('store.etcd.prefix', `${JSON.stringify(prefix)} is not of the form /name/`));
  return problems;
};

const checkEtcdPorts: Rule = (config, isDev) => {
  if (roleOf(config, isDev) !== 'server') return [];
  const keys = ['ports.server', 'ports.etcd_client', 'ports.etcd_peer', 'ports.http', 'ports.dns'] as const;
  const problems: RuleProblem[] = [];
  for (const [i, key] of keys.slice(0, 3).entries()) {
    if (config[key] <= 0) problems.push(problem(key, 'other servers need it: give it a fixed port'));
    const other = keys.slice(i + 1).find((one) => config[one] === config[key]);
    if (other !== undefined) problems.push(problem(key, `is ${config[key]}, as ${other} is`));
  }
  return problems;
};

const checkSecret: Rule = ({ encrypt }) => {
  if (encrypt === '') return [];
  const octets = Buffer.from(encrypt, 'base64');
  const isBase64 = octets.toString('base64') === encrypt;
  return isBase64 && SECRET_BYTES.includes(octets.length)
    ? []
    : [problem('encrypt', 'must be 16, 24 or 32 octets in base64; `rollcall keygen` makes one')];
};

const checkJoins: Rule = (config) =>
  (['start_join', 'retry_join', 'start_join_wan', 'retry_join_wan'] as const).flatMap((key) =>
    config[key].flatMap((text) => {
      const parsed = parseJoinAddress(text, { server: 8300, serfLan: 8301 });
      return 'fault' in parsed ? [problem(key, parsed.fault)] : [];
    }),
  );

/** Threads have copies of the rows that they answer from; a client agent brings rows when somebody asks. */
const checkThreads: Rule = (config, isDev) =>
  roleOf(config, isDev) === 'client' && config['dns_config.threads'] > 0
    ? [problem('dns_config.threads', 'a client agent answers in one thread: take it out, or join nobody')]
    : [];

/** The rules, in the order of their problems. */
export const CLUSTER_RULES: readonly Rule[] = [
  checkExpect,
  checkStore,
  checkEtcdPorts,
  checkSecret,
  checkJoins,
  checkThreads,
];
