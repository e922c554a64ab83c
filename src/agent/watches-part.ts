/**
 * The watches of the configuration, connected: they ask this agent's own HTTP API, as Consul's do.
 *
 * A handler that is a program gets the whole environment of the agent, the index, and the view on its standard input:
 * whoever writes the configuration runs programs as the agent's user anyway.
 */
import type http from 'node:http';
import https from 'node:https';
import { runProgram } from '../checks/program.ts';
import { builtinHttp } from '../lib/builtin-http.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { AppError } from '../model/errors.ts';
import type { WatchDefinition } from '../watches/definition.ts';
import type { Answer, Reading } from '../watches/follow.ts';
import type { Query } from '../watches/watch-plan.ts';
import { type Tell, type WatcherParts, Watchers } from '../watches/watchers.ts';
import type { Config } from './config/options.ts';
import { httpAddresses, httpsAddresses, localAddress, UNIX_PREFIX } from './greeting.ts';
import type { Part } from './lifecycle.ts';
import type { Security } from './security.ts';

/** Octets of a program's output that the log gets, as in Consul. */
const OUTPUT_MAX_BYTES = 4_096;

type Where = Pick<http.RequestOptions, 'host' | 'port' | 'socketPath'>;

/** The way to the own API. */
interface OwnApi {
  readonly where: Where;
  /** Of HTTPS, asked for at each use; undefined for plain HTTP. */
  readonly tls: (() => https.RequestOptions) | undefined;
}

function whereIs(addresses: readonly string[], port: number): Where {
  const address = localAddress(addresses);
  if (address.startsWith(UNIX_PREFIX)) return { socketPath: address.slice(UNIX_PREFIX.length) };
  return { host: address, port };
}

/** Plain HTTP where there is any, else HTTPS with the agent's own certificate. */
function ownApi({ config, security }: Pick<WatchesParts, 'config' | 'security'>): OwnApi {
  if (config['ports.http'] > 0)
    return { where: whereIs(httpAddresses(config), config['ports.http']), tls: undefined };
  const tls = (): https.RequestOptions => {
    const { https: own, areWatchesStrict: rejectUnauthorized } = security.state;
    const { certificate: cert, key, authorities } = own.material;
    return { cert, key, rejectUnauthorized, ...(authorities.length > 0 && { ca: [...authorities] }) };
  };
  return { where: whereIs(httpsAddresses(config), config['ports.https']), tls };
}

function pathWith(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (value === undefined ? [] : [value].flat()).map((one): [string, string] => [name, one]),
  );
  return `${path}?${new URLSearchParams(pairs)}`;
}

/** Asks over connections that are kept; each watch needs one. */
function askOver({ where, tls }: OwnApi, agent: http.Agent): WatcherParts['ask'] {
  return async (path, query, token, signal): Promise<Answer> => {
    const headers = token === '' ? {} : { 'X-Consul-Token': token };
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const options = { ...where, ...tls?.(), path: pathWith(path, query), headers, agent, signal };
      (tls ? https : builtinHttp).get(options, resolve).on('error', reject);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const [status, body] = [response.statusCode ?? 0, Buffer.concat(chunks)];
    if (status === 200 || status === 404) return { status, headers: response.headers, body };
    throw new AppError(
      'bad_request',
      `Unexpected response code: ${status} (${body.toString('utf8').trim()})`,
    );
  };
}

async function runHandler(args: readonly string[], reading: Reading, signal: AbortSignal): Promise<string> {
  const { index } = reading;
  const input = {
    stdin: `${JSON.stringify(reading.value)}\n`,
    env: { ...process.env, CONSUL_INDEX: index, ROLLCALL_INDEX: index },
  };
  const end = await runProgram(args, { outputMaxBytes: OUTPUT_MAX_BYTES, signal }, input);
  if (end.kind === 'not-started') throw new AppError('config_invalid', end.why);
  if (end.kind === 'timed-out') throw new AppError('stopping', `ended with its watch: ${end.output}`);
  if (end.code === 0) return end.output;
  throw new AppError('bad_request', `exit status ${end.code ?? '(killed)'}: ${end.output}`);
}

const tell: Tell = async (handler, reading, signal) => {
  if (handler.kind === 'program') return runHandler(handler.args, reading, signal);
  const { postReading } = await import('../watches/post.ts');
  return postReading(handler, reading, signal);
};

export interface WatchesParts {
  readonly config: Config;
  readonly security: Security;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The watchers, and the part that starts them with `definitions` once HTTP answers. */
export function watchesPart(
  parts: WatchesParts,
  definitions: readonly WatchDefinition[],
): { readonly watchers: Watchers; readonly part: Part } {
  const { clock, log } = parts;
  const api = ownApi(parts);
  const agent = new (api.tls ? https : builtinHttp).Agent({ keepAlive: true });
  const watchers = new Watchers({ ask: askOver(api, agent), tell, clock, log });
  const part: Part = {
    name: 'watches',
    start: async () => void watchers.replace(definitions),
    stop: async () => {
      await watchers.stop();
      agent.destroy();
    },
  };
  return { watchers, part };
}
