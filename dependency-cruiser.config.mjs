/**
 * The architecture as data: which folder of src/ may import which, and which folder owns which library.
 * docs/ARCHITECTURE.md draws the same picture in words; test/architecture/layers.test.ts insists that every
 * folder has a row here and every dependency of package.json an owner. A new folder or library is a new row.
 */

/** folder -> folders it may import (always also itself) */
export const MAY_IMPORT = {
  lib: [],
  model: ['lib'],
  acl: ['lib', 'model'],
  wire: [],
  names: ['model', 'wire'], // wire/constants only, see names-know-numbers-only
  catalog: ['lib', 'model'],
  filter: ['lib', 'model'],
  metrics: ['lib'],
  watches: ['lib', 'model'],
  tls: ['lib', 'model'],
  rpc: ['lib', 'model'],
  cluster: ['lib', 'model', 'catalog', 'rpc'],
  store: ['lib', 'model', 'catalog'],
  checks: ['lib', 'model', 'metrics'],
  decode: ['lib', 'model'],
  local: ['lib', 'model', 'catalog'],
  dns: ['lib', 'model', 'acl', 'wire', 'names', 'catalog', 'metrics', 'tls'],
  http: ['lib', 'model', 'acl', 'catalog', 'filter', 'decode', 'local', 'metrics', 'tls'],
  agent: [
    'lib',
    'model',
    'acl',
    'wire',
    'names',
    'catalog',
    'filter',
    'metrics',
    'store',
    'checks',
    'decode',
    'local',
    'dns',
    'http',
    'watches',
    'tls',
    'rpc',
    'cluster',
  ],
  cli: ['lib', 'model', 'watches', 'tls', 'agent'], // agent from three files only, see few-doors-to-agent
};

/** npm package or node: module -> the only folders that may touch it */
export const OWNERS = {
  '@grpc/grpc-js': ['store'],
  'better-sqlite3': ['store'],
  '@peculiar/x509': ['rpc', 'tls'],
  'reflect-metadata': ['rpc', 'tls'],
  commander: ['cli'],
  fastify: ['http'],
  'lru-cache': ['dns', 'http'],
  pino: ['agent'],
  'prom-client': ['metrics'],
  '@opentelemetry/api': ['metrics'],
  '@opentelemetry/exporter-metrics-otlp-http': ['metrics'],
  '@opentelemetry/resources': ['metrics'],
  '@opentelemetry/sdk-metrics': ['metrics'],
  protobufjs: ['store'],
  '@msgpack/msgpack': ['lib'],
  re2js: ['lib'],
  dgram: ['dns', 'checks'],
  net: ['dns', 'checks', 'http', 'agent', 'store', 'rpc', 'cluster', 'tls'],
  tls: ['checks', 'rpc', 'tls', 'http', 'dns', 'store'],
  child_process: ['checks', 'cli', 'store'],
  worker_threads: ['store', 'dns', 'checks'],
  fs: ['store', 'agent', 'cli', 'http', 'tls'],
};

const PURE = ['model', 'acl', 'wire', 'names', 'catalog', 'filter', 'decode'];

const layers = Object.entries(MAY_IMPORT).map(([folder, may]) => ({
  name: `layer-${folder}`,
  comment: `${folder} may import ${may.join(', ') || 'nothing of the project'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|ui|test|bench)/', pathNot: `^src/(${[folder, ...may].join('|')})/` },
}));

const escapeRegExp = (text) => text.replace(/[.+^$()|[\]\\]/g, '\\$&');
const owners = Object.entries(OWNERS).map(([library, folders]) => ({
  name: `only-${folders.join('-')}-may-use-${library}`,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/(${folders.join('|')})/` },
  to: { path: `(^|node_modules/)${escapeRegExp(library)}(/|$)`, pathNot: '^src/' },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers,
    ...owners,
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-core',
      comment: 'decides on values alone; neither packages nor node: modules',
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/` },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'unknown'] },
    },
    {
      name: 'no-development-dependency',
      comment: 'a package that only a checkout has cannot be imported by what is published',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphan',
      comment: 'a module that nothing imports and that imports nothing is dead',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '^src/cli/main' },
      to: {},
    },
    {
      name: 'names-know-numbers-only',
      severity: 'error',
      from: { path: '^src/names/' },
      to: { path: '^src/wire/', pathNot: '^src/wire/constants' },
    },
    {
      name: 'few-doors-to-agent',
      comment: 'one starts it, two read configuration files as it does; every other command speaks HTTP',
      severity: 'error',
      from: {
        path: '^src/cli/',
        pathNot: '^src/cli/(commands/(agent|validate)-command|definition-files)[.]',
      },
      to: { path: '^src/agent/' },
    },
    {
      name: 'leaves-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/(checks/kinds|http/routes|cli/commands)/([^/]+)' },
      to: { path: '^src/$1/', pathNot: '^src/$1/$2' },
    },
    {
      name: 'page-talks-to-the-api-only',
      severity: 'error',
      from: { path: '^ui/' },
      to: { path: '^src/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    exclude: { path: '^(dist|test/conformance)/' },
  },
};
