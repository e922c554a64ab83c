/**
 * The HTTP server: mounts the groups of routes, reads bodies as bytes, and answers what no route takes.
 *
 * Start-up matters, so schemas and descriptions are made when somebody asks. A new group is one import and one entry
 * in GROUPS. Blocking queries hold their connections for minutes: a request must arrive in time, an answer need not.
 */
import type { RequestListener } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteHandlerMethod,
} from 'fastify';
import { Turns } from '../lib/fair-turns.ts';
import type { SecureSettings } from '../tls/secure-gate.ts';
import { Answers } from './answer/answers.ts';
import { callOf } from './call.ts';
import { METHODS, type Reply } from './call-and-reply.ts';
import { Dispatcher } from './dispatch.ts';
import type { HttpParts } from './http-parts.ts';
import { BodyReader } from './listen/body-reader.ts';
import { budgetsOf } from './listen/budgets.ts';
import { collectClusterGauges } from './listen/cluster-gauges.ts';
import { refuseMalformed, watchConnections } from './listen/connections.ts';
import { collectGauges } from './listen/gauges.ts';
import { makeHttp2Sessions } from './listen/http2-sessions.ts';
import { queuePipelined } from './listen/pipelines.ts';
import { RouteMeter } from './listen/route-meter.ts';
import { openSecureDoor, type SecureDoor } from './listen/secure-door.ts';
import { openNameless } from './listen/upload.ts';
import { openApiRoute } from './openapi/openapi.ts';
import { canonicalUrl } from './paths/canonical-url.ts';
import { PathTable } from './paths/path-table.ts';
import { text } from './reply.ts';
import type { Route } from './route.ts';
import { absentRoutes } from './routes/absent-routes.ts';
import { aclLoginRoutes } from './routes/acl-login-routes.ts';
import { aclPolicyRoutes } from './routes/acl-policy-routes.ts';
import { aclPreviewRoutes } from './routes/acl-preview-routes.ts';
import { aclRoutes } from './routes/acl-routes.ts';
import { aclTokenRoutes } from './routes/acl-token-routes.ts';
import { agentCheckHistoryRoutes } from './routes/agent-check-history-routes.ts';
import { agentCheckRoutes } from './routes/agent-checks-routes.ts';
import { agentHealthRoutes } from './routes/agent-health-routes.ts';
import { agentProfileRoutes } from './routes/agent-profile-routes.ts';
import { agentRoutes } from './routes/agent-routes.ts';
import { agentServiceRoutes } from './routes/agent-services-routes.ts';
import { aliveRoutes } from './routes/alive-routes.ts';
import { catalogRoutes } from './routes/catalog-routes.ts';
import { coordinateRoutes } from './routes/coordinate-routes.ts';
import { dnsLiveRoutes } from './routes/dns-live-routes.ts';
import { dnsQueryRoutes } from './routes/dns-query-routes.ts';
import { dnsRoutes } from './routes/dns-routes.ts';
import { drainRoutes } from './routes/drain-routes.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { healthHistoryRoutes } from './routes/health-history-routes.ts';
import { healthRoutes } from './routes/health-routes.ts';
import { historyRoutes } from './routes/history-routes.ts';
import { internalUiRoutes } from './routes/internal-ui-routes.ts';
import { kvRoutes } from './routes/kv-routes.ts';
import { metricsRoutes } from './routes/metrics-routes.ts';
import { operatorRoutes } from './routes/operator-routes.ts';
import { queryRoutes } from './routes/query-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { snapshotRoutes } from './routes/snapshot-routes.ts';
import { statusRoutes } from './routes/status-routes.ts';
import { txnRoutes } from './routes/txn-routes.ts';
import { uiRoutes } from './routes/ui-routes.ts';
import { streamRoute } from './stream/stream-route.ts';

/** Every route but the page's, and those that are made of all others (description, event stream); docs/api.md lists them. */
export const ROUTES: readonly Route[] = [
  ...agentRoutes,
  ...agentServiceRoutes,
  ...agentCheckRoutes,
  ...agentCheckHistoryRoutes,
  ...agentHealthRoutes,
  ...agentProfileRoutes,
  ...drainRoutes,
  ...metricsRoutes,
  ...catalogRoutes,
  ...healthRoutes,
  ...statusRoutes,
  ...aliveRoutes,
  ...kvRoutes,
  ...sessionRoutes,
  ...txnRoutes,
  ...eventRoutes,
  ...historyRoutes,
  ...healthHistoryRoutes,
  ...queryRoutes,
  ...snapshotRoutes,
  ...operatorRoutes,
  ...coordinateRoutes,
  ...dnsRoutes,
  ...dnsLiveRoutes,
  ...dnsQueryRoutes,
  ...internalUiRoutes,
  ...aclRoutes,
  ...aclPreviewRoutes,
  ...aclTokenRoutes,
  ...aclPolicyRoutes,
  ...aclLoginRoutes,
  ...absentRoutes,
];

/** Bodies of routes that name no limit of their own. Definitions are a few KiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Request line and headers. Filters travel in the URL. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Time in which a request must have arrived, body included; the answer may take longer. Without a limit, a client that
 * vanishes in the middle of its body holds a connection for ever. Turning it down fails large uploads over slow lines.
 */
const REQUEST_TIMEOUT_MS = 300_000;

const LIMITS = {
  bodyLimit: MAX_BODY_BYTES,
  exposeHeadRoutes: false,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionTimeout: 0,
  routerOptions: { maxParamLength: MAX_HEADER_BYTES, ignoreTrailingSlash: false },
  http: { maxHeaderSize: MAX_HEADER_BYTES },
  forceCloseConnections: 'idle',
  logger: false,
} as const;

function tooLarge(request: FastifyRequest): Reply {
  const bytes = request.headers['content-length'] ?? 'unknown';
  const max = request.routeOptions.bodyLimit ?? MAX_BODY_BYTES;
  return text(413, `Request body(${bytes} bytes) too large, max size: ${max} bytes.`);
}

/** The reply to an error of the HTTP library itself: bodies and URLs that it does not take. */
function libraryReply(error: FastifyError, request: FastifyRequest): Reply | undefined {
  if (error.statusCode === 413) return tooLarge(request);
  const isClientError = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
  return isClientError ? text(error.statusCode ?? 400, error.message) : undefined;
}

interface Mounting {
  readonly app: FastifyInstance;
  readonly dispatcher: Dispatcher;
  readonly paths: PathTable;
  readonly parts: HttpParts;
  readonly bodyReader: BodyReader;
  /** For what no operation takes. */
  readonly answerOther: RouteHandlerMethod;
}

/** A method that a path does not have is refused by name where the `*` of another route would take it. */
function mount({ app, dispatcher, paths, parts, bodyReader, answerOther }: Mounting, route: Route): void {
  for (const method of METHODS) {
    const operation = route.operations[method];
    if (operation === undefined && !paths.isTakenByOther(route.path, method)) continue;
    const target = operation && { operation, meter: new RouteMeter(parts.metrics, method, route.path) };
    app.route({
      method,
      url: route.path,
      exposeHeadRoute: method === 'GET' && route.answersHead === true,
      ...(operation?.maxBodyBytes && { bodyLimit: operation.maxBodyBytes(parts.config) }),
      ...(method !== 'GET' && {
        onRequest: operation?.body === 'file' ? bodyReader.onLargeRequest : bodyReader.onRequest,
      }),
      handler: target ? (request, reply) => dispatcher.dispatch(target, request, reply) : answerOther,
    });
  }
}

/** A subtree without its last slash is not the business of a wider route, whose `*` would take it. */
function mountSlashless({ app, paths, bodyReader, answerOther }: Mounting, { path: subtree }: Route): void {
  const path = subtree.slice(0, -2);
  const method = METHODS.filter((name) => paths.isTakenByOther(path, name));
  if (!subtree.endsWith('/*') || method.length === 0 || paths.methodsOf(path) !== undefined) return;
  app.route({
    method,
    url: path,
    exposeHeadRoute: false,
    onRequest: bodyReader.onRequest,
    handler: answerOther,
  });
}

function noCompiler(): never {
  throw new Error('no route has a schema');
}

/** Routes have no schemas; otherwise the library loads two compilers for them, a hundred modules, at every start. */
const WITHOUT_SCHEMAS = {
  schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
};

/**
 * Time that answers have to be sent after the server was told to close. What is still open then (readers that do not read,
 * requests that do not arrive) is cut, so that no client keeps the agent from ending.
 */
const CLOSING_MS = 3_000;

export interface HttpServer {
  /** Not listening yet. `listen` and `close` are the caller's; closing answers whoever waits. */
  readonly app: FastifyInstance;
  /** A way in for encrypted connections, which are answered by the same server. */
  openSecureDoor(settings: SecureSettings): SecureDoor;
}

/** Build the server. */
export async function buildHttpServer(parts: HttpParts): Promise<HttpServer> {
  const turns = new Turns(parts.clock);
  const mounted = [...ROUTES, ...uiRoutes(parts.config)];
  const described = [...mounted, streamRoute(mounted, parts, turns)];
  const routes = [...described, openApiRoute(described)];
  const budgets = budgetsOf(parts);
  const paths = new PathTable(routes);
  const dispatcher = new Dispatcher(parts, paths, new Answers({ budget: budgets.answers, turns }));
  const app = Fastify({
    ...LIMITS,
    ...WITHOUT_SCHEMAS,
    clientErrorHandler: (error, socket) => refuseMalformed(error, socket, parts.clock),
    rewriteUrl: ({ url }) => canonicalUrl(url ?? '/'),
    frameworkErrors: (_error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      void dispatcher.answer(
        text(400, '400 Bad Request', { Connection: 'close' }),
        callOf(request, reply),
        reply,
      ),
  });
  app.removeAllContentTypeParsers();
  const uploads = { budget: budgets.uploads, open: () => openNameless(parts.config.uploadDir) };
  const bodyReader = new BodyReader(budgets.bodies, uploads, parts.clock);
  app.addContentTypeParser('*', bodyReader.parse);
  const answerOther: RouteHandlerMethod = (request, reply) => dispatcher.answerOther(request, reply);
  const mounting: Mounting = { app, dispatcher, paths, parts, bodyReader, answerOther };
  for (const route of routes) {
    mount(mounting, route);
    mountSlashless(mounting, route);
  }
  app.setNotFoundHandler(answerOther);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const call = callOf(request, reply);
    return dispatcher.answer(libraryReply(error, request) ?? dispatcher.replyTo(error, call), call, reply);
  });
  const connections = watchConnections(app.server, parts, turns);
  const sessions = makeHttp2Sessions({
    listeners: app.server.listeners('request') as RequestListener[],
    turns,
    clock: parts.clock,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    maxHeaderBytes: MAX_HEADER_BYTES,
  });
  app.addHook('preClose', async () => {
    dispatcher.beginClosing();
    parts.watch.abandonAll();
    parts.clock.after(CLOSING_MS, () => connections.cut());
    await new Promise((resolve) => setImmediate(resolve)); // those who waited are answered now
    await Promise.all([connections.sent(), sessions.end()]); // the library takes a connection for idle before its answer is out
    app.server.closeIdleConnections(); // also where the server itself listens nowhere
  });
  queuePipelined(app.server, turns);
  collectGauges(parts);
  collectClusterGauges(parts);
  await app.ready();
  return { app, openSecureDoor: (settings) => openSecureDoor(settings, { connections, sessions }, parts) };
}
