/**
 * The HTTP server over a catalog and a Local in memory, on a manual clock; requests are injected, no socket is opened.
 */
import os from 'node:os';
import type { FastifyInstance } from 'fastify';
import { type Config, OPTION_KEYS, OPTIONS } from '../../src/agent/config/options.ts';
import { drainsPart } from '../../src/agent/drains-part.ts';
import { onlyMember } from '../../src/agent/member-view.ts';
import { singleServer } from '../../src/agent/single-server.ts';
import { Coordinates } from '../../src/catalog/coordinate.ts';
import { EVENTS_TOPIC, EventRing } from '../../src/catalog/event.ts';
import { ServiceSummaries } from '../../src/catalog/service-summary.ts';
import { SessionTimers } from '../../src/catalog/session-timers.ts';
import { ALLOW_ALL } from '../../src/http/access/right.ts';
import { CURRENT_COPY } from '../../src/http/catalog-copy.ts';
import type { HttpConfig, HttpParts, LiveHttpConfig } from '../../src/http/http-parts.ts';
import { unmeasuredNetwork } from '../../src/http/network-port.ts';
import { buildHttpServer, type HttpServer } from '../../src/http/server.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import type { NodeName } from '../../src/model/types.ts';
import { type Described, descriptionFault, readDescription } from './described-answers.ts';
import { type LocalAgent, startLocal } from './local-agent.ts';
import type { ManualClock } from './manual-clock.ts';
import { seededRandom } from './seeded-random.ts';

const HTTP_CONFIG: HttpConfig = {
  isAlwaysPretty: false,
  isServer: true,
  acl: { isEnabled: false, defaultAllows: true, hasKeyListPolicy: false },
  domain: 'consul',
  advertiseAddress: '127.0.0.1',
  ports: { http: 8500, dns: 8600, server: 8300, serfLan: 8301, serfWan: 8302 },
  defaultQueryTimeMs: 300_000,
  maxQueryTimeMs: 600_000,
  blockEndpoints: [],
  isTranslating: false,
  hostNames: ['localhost', '.localhost', 'n1', '.consul'],
  isEveryPathTaken: false,
  allowWriteHttpFrom: [],
  maxConnectionsPerClient: 0,
  hasSecret: false,
  httpsHandshakeMs: 5_000,
  kvMaxValueBytes: 512 * 1024,
  txnMaxRequestBytes: 512 * 1024,
  registrationMaxBytes: 512 * 1024,
  registrationMaxChecks: 1_000,
  bodies: { total: 64 * 1024 * 1024, perClient: 32 * 1024 * 1024 },
  answers: { total: 64 * 1024 * 1024, perClient: 16 * 1024 * 1024 },
  minSessionTtlMs: 10_000,
  prometheusRetentionMs: 0,
  telemetryPrefix: 'consul',
  hasCoordinates: true,
  isUiEnabled: false,
  uiContentPath: '/ui/',
  uiDir: undefined,
  dashboardTemplate: '',
  uploadDir: os.tmpdir(),
  checkOutputMaxBytes: 4_096,
};

const LIVE_CONFIG: LiveHttpConfig = {
  nodeMeta: { rack: 'r7' },
  responseHeaders: {},
  debugConfig: {},
  configSources: {},
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Parsed when asked for. */
  json(): unknown;
}

export interface TestServer extends LocalAgent {
  readonly app: FastifyInstance;
  readonly openSecureDoor: HttpServer['openSecureDoor'];
  readonly parts: HttpParts;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  put(url: string, body?: unknown): Promise<Answer>;
  request(
    method: string,
    url: string,
    options?: { body?: string | Buffer; headers?: Record<string, string> },
  ): Promise<Answer>;
}

/** An agent that has no others beside it, with every option at its default. */
const ONLY_MEMBER = onlyMember(
  Object.fromEntries(OPTION_KEYS.map((key) => [key, OPTIONS[key].default])) as unknown as Config,
  {
    nodeName: 'n1' as NodeName,
    nodeId: 'id-1',
    advertiseAddress: '127.0.0.1',
    taggedAddresses: { lan: '127.0.0.1', wan: '127.0.0.1' },
  },
);

/** The same for all servers; compiled once. */
let described: readonly Described[] | undefined;

/** Build the server; its agent has registered nothing but itself. */
export async function startHttp(
  config: Partial<HttpConfig> = {},
  own: Partial<HttpParts> = {},
  /** What access control needs beside it; made once the clock is there. */
  aclOf: (clock: ManualClock) => HttpParts['acl'] = () => undefined,
): Promise<TestServer> {
  const agent = await startLocal();
  const { state, writer, clock, watch } = agent;
  const random = seededRandom(11);
  const summaries = new ServiceSummaries(state.view, agent.indexes);
  const sessionTimers = new SessionTimers({ state, writer, clock, log: silentLogger });
  const parts: HttpParts = {
    ...agent,
    drains: drainsPart({ ...agent, log: silentLogger }).drains,
    summaries,
    config: { ...HTTP_CONFIG, ...config },
    live: () => LIVE_CONFIG,
    random,
    log: silentLogger,
    logStream: { subscribe: () => () => {} },
    metrics: new Metrics(),
    nodeName: 'n1',
    nodeId: 'id-1',
    datacenter: 'dc1',
    version: '1.2.3',
    ownVersion: '0.0.1',
    reload: async () => {},
    previewReload: async () => ({ added: [], changed: [], removed: [], options: [], needRestart: [] }),
    leave: async () => {},
    membership: ONLY_MEMBER,
    datacenters: () => ['dc1'],
    cluster: singleServer({
      id: 'id-1',
      name: 'n1',
      host: '127.0.0.1',
      port: 8300,
      version: '1.2.3',
      expect: 1,
      clock,
      indexNow: () => state.index,
      meta: () => LIVE_CONFIG.nodeMeta,
    }),
    isReady: () => true,
    heapRoomBytes: () => 1e9,
    takeProfile: undefined,
    copy: CURRENT_COPY,
    renewSession: async (session) => {
      sessionTimers.renew(session);
      return true;
    },
    events: new EventRing({ random, nowMs: () => clock.now(), wake: () => watch.wake([EVENTS_TOPIC]) }),
    network: unmeasuredNetwork('dc1', 'n1'),
    coordinates: new Coordinates(state.view, 'n1'),
    explainDns: () => {
      throw new Error('there is no DNS in this test');
    },
    answerDns: async () => undefined,
    watchDns: () => undefined,
    checkHistory: () => undefined,
    testCheck: async () => undefined,
    authorizerOf: () => ALLOW_ALL,
    acl: aclOf(clock),
    ...own,
  };
  const { app, openSecureDoor } = await buildHttpServer(parts);
  const request: TestServer['request'] = async (method, url, { body, headers = {} } = {}) => {
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers,
      ...(body !== undefined && { payload: body }),
    });
    const { statusCode: status, payload: text } = response;
    const isJson = response.headers['content-type'] === 'application/json';
    if (status === 200 && isJson && response.headers['content-encoding'] === undefined) {
      described ??= readDescription((await app.inject({ url: '/v1/openapi.json' })).payload);
      const fault = descriptionFault(described, { method, url }, text);
      if (fault !== undefined) throw new Error(`an answer is not as the API is described: ${fault}`);
    }
    return { status, headers: response.headers, text, json: () => JSON.parse(text) as unknown };
  };
  return {
    ...agent,
    app,
    openSecureDoor,
    parts,
    request,
    get: (url, headers = {}) => request('GET', url, { headers }),
    put: (url, body) =>
      request(
        'PUT',
        url,
        body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) },
      ),
  };
}
