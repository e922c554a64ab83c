/**
 * Options of an agent that has others beside it: how it finds them, what makes them one, and the store that servers share.
 */
import type { OptionTable } from './option-spec.ts';

export const CLUSTER_OPTIONS = {
  bootstrap_expect: {
    kind: 'integer',
    default: 0,
    min: 0,
    flag: 'bootstrap-expect',
    reloadable: false,
    doc: 'How many servers begin a datacenter together (3 or 5); each waits until it has met the others. 0 joins servers that run, 1 is a server alone.',
  },
  bootstrap: {
    kind: 'switch',
    default: false,
    flag: 'bootstrap',
    reloadable: false,
    doc: 'As `bootstrap_expect = 1`.',
  },
  start_join: {
    kind: 'list',
    default: [],
    flag: 'join',
    reloadable: false,
    doc: 'Servers to meet, as `retry_join`, each tried once; the start fails when none of them can be reached.',
  },
  retry_join: {
    kind: 'list',
    default: [],
    flag: 'retry-join',
    reloadable: false,
    doc: 'Servers to meet, tried until one answers: `address`, `address:port` (of `ports.server`) or a host name, all of whose addresses are tried.',
  },
  retry_interval: {
    kind: 'duration',
    default: 30_000,
    flag: 'retry-interval',
    reloadable: false,
    doc: 'Time between two tries of `retry_join`; in the first minute they follow each other every second.',
  },
  retry_max: {
    kind: 'integer',
    default: 0,
    min: 0,
    flag: 'retry-max',
    reloadable: false,
    doc: 'Tries of `retry_join` after which the agent ends; 0 is no limit.',
  },
  encrypt: {
    kind: 'text',
    default: '',
    flag: 'encrypt',
    isSecret: true,
    reloadable: false,
    doc: 'Secret that agents know each other by, the same on all of them: 16, 24 or 32 octets in base64, as `rollcall keygen` prints them.',
  },
  'ports.etcd_client': {
    kind: 'port',
    default: 2379,
    reloadable: false,
    doc: 'Port of the etcd that a server starts, for this server alone.',
  },
  'ports.etcd_peer': {
    kind: 'port',
    default: 2380,
    reloadable: false,
    doc: 'Port of the etcd that a server starts, for the etcds of other servers.',
  },
  'store.kind': {
    kind: 'text',
    default: '',
    values: ['', 'sqlite', 'etcd'],
    reloadable: false,
    doc: 'Where a server keeps the catalog: `sqlite` in its own file, `etcd` together with other servers. When empty, `etcd` for servers that expect or join others or name an etcd.',
  },
  'store.etcd.binary': {
    kind: 'text',
    default: 'etcd',
    reloadable: false,
    doc: 'The etcd to start: a name to look up in PATH, or a path.',
  },
  'store.etcd.endpoints': {
    kind: 'list',
    default: [],
    reloadable: false,
    doc: 'An etcd that is there already (`https://host:2379`); then none is started.',
  },
  'store.etcd.prefix': {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'What keys in etcd begin with; `/rollcall/DATACENTER/` when empty. The same on all servers.',
  },
  'store.etcd.ca_file': {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'Certificates (PEM) of the authorities that signed those of `store.etcd.endpoints`.',
  },
  'store.etcd.cert_file': {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'Certificate (PEM) to show to `store.etcd.endpoints`.',
  },
  'store.etcd.key_file': {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'Key (PEM) of that certificate.',
  },
  'store.etcd.username': {
    kind: 'text',
    default: '',
    reloadable: false,
    doc: 'User of `store.etcd.endpoints`.',
  },
  'store.etcd.password': {
    kind: 'text',
    default: '',
    isSecret: true,
    reloadable: false,
    doc: 'Password of that user; better given as ROLLCALL_STORE_ETCD_PASSWORD than in a file that many can read.',
  },
  'store.etcd.quota': {
    kind: 'bytes',
    default: 8 * 1024 ** 3,
    min: 64 * 1024 * 1024,
    reloadable: false,
    doc: 'Space in octets that the etcd that a server starts may take; then it refuses writes.',
  },
} as const satisfies OptionTable;
