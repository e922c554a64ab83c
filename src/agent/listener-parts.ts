/**
 * The two faces as parts that start and stop: HTTP and DNS on every configured address.
 *
 * A port of -1 switches a face off. HTTP on several addresses is one server: further listeners hand their connections to
 * it, so limits and shutdown are the same for all.
 */
import { once } from 'node:events';
import fs from 'node:fs';
import type { Server } from 'node:http';
import net from 'node:net';
import { type DnsParts, type DnsServer, type SecureDns, startDns } from '../dns/dns-server.ts';
import { UDP_TRANSPORTS } from '../dns/transport/udp-transport.ts';
import type { HttpServer } from '../http/server.ts';
import type { Logger } from '../lib/logger.ts';
import { AppError } from '../model/errors.ts';
import type { Config } from './config/options.ts';
import { dnsAddresses, dnsTlsAddresses, httpAddresses, httpsAddresses, UNIX_PREFIX } from './greeting.ts';
import type { Part } from './lifecycle.ts';
import { listenError } from './listen-error.ts';
import type { Security } from './security.ts';
import { socketRights, withSocketRights } from './socket-file.ts';

/** A TCP address, or the file of a UNIX socket. */
type ListenWhere = { readonly host: string; readonly port: number } | { readonly path: string };

/** What is used of the HTTP server. */
interface HttpApp {
  readonly server: Server;
  listen(where: ListenWhere): Promise<unknown>;
  close(): Promise<unknown>;
}

/** Listen and hand on every connection. */
async function listenFor(
  where: ListenWhere,
  onConnection: (socket: net.Socket) => void,
): Promise<net.Server> {
  const listener = net.createServer({ noDelay: true }, onConnection);
  listener.listen(where);
  await once(listener, 'listening');
  return listener;
}

/** Where an address of HTTP is; a socket that an earlier process left behind is removed. */
function whereOf(address: string, port: number): ListenWhere {
  if (!address.startsWith(UNIX_PREFIX)) return { host: address, port };
  const path = address.slice(UNIX_PREFIX.length);
  if (fs.statSync(path, { throwIfNoEntry: false })?.isSocket()) fs.unlinkSync(path);
  return { path };
}

function withRights(where: ListenWhere, config: Config, listen: () => Promise<void>): Promise<void> {
  return 'path' in where ? withSocketRights(where.path, socketRights(config), listen) : listen();
}

/** A connection that cannot be taken (no file descriptors are left) is said, and the next one is tried. */
function sayErrors(listeners: readonly net.Server[], log: Pick<Logger, 'warn'>): void {
  for (const listener of listeners) listener.on('error', (err) => log.warn({ err }, 'HTTP listener'));
}

/** The HTTP face. Rejects at start with config_invalid when a port cannot be had. */
export function httpFace(app: HttpApp, config: Config, log: Pick<Logger, 'warn'>): Part {
  const port = config['ports.http'];
  const further: net.Server[] = [];
  const { server } = app;
  const open = async (address: string, isFirst: boolean): Promise<void> => {
    try {
      const where = whereOf(address, port);
      await withRights(where, config, async () => {
        if (isFirst) await app.listen(where);
        else further.push(await listenFor(where, (socket) => server.emit('connection', socket)));
      });
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw listenError({ portKey: 'ports.http', flag: 'http-port', address, port }, cause);
    }
  };
  return {
    name: 'http',
    start: async () => {
      const addresses = port < 0 ? [] : httpAddresses(config);
      for (const [i, address] of addresses.entries()) await open(address, i === 0);
      // What watches over the time that requests take begins with this event, also where only HTTPS listens.
      if (addresses.length === 0) server.emit('listening');
      sayErrors([server, ...further], log);
    },
    stop: async () => {
      for (const listener of further) listener.close();
      await app.close();
    },
  };
}

/** The HTTPS face, or none. Rejects at start with config_invalid when a port cannot be had. */
export function httpsFaces(
  http: Pick<HttpServer, 'openSecureDoor'>,
  security: Security,
  config: Config,
  log: Pick<Logger, 'warn'>,
): readonly Part[] {
  const port = config['ports.https'];
  if (port < 0) return [];
  const listeners: net.Server[] = [];
  const face: Part = {
    name: 'https',
    start: async () => {
      const door = http.openSecureDoor(security.state.https);
      security.onChange(({ https }) => door.replace(https));
      for (const address of httpsAddresses(config)) {
        try {
          const where = whereOf(address, port);
          await withRights(where, config, async () => {
            listeners.push(await listenFor(where, door.take));
          });
        } catch (cause) {
          if (cause instanceof AppError) throw cause;
          throw listenError({ portKey: 'ports.https', flag: 'https-port', address, port }, cause);
        }
      }
      sayErrors(listeners, log);
    },
    stop: async () => {
      for (const listener of listeners) listener.close();
    },
  };
  return [face];
}

export interface DnsFaceParts
  extends Omit<DnsParts, 'addresses' | 'port' | 'threads' | 'transport' | 'readFile' | 'secure'> {
  readonly agentConfig: Config;
  readonly security: Security;
}

export interface DnsFace extends Part {
  /** As DnsServer's; undefined too as long as DNS has not started. */
  readonly answer: DnsServer['answer'];
  /** As DnsServer's; undefined as long as DNS has not started. */
  readonly watch: (...args: Parameters<DnsServer['watch']>) => ReturnType<DnsServer['watch']> | undefined;
}

const readFile = (file: string): Promise<string> => fs.promises.readFile(file, 'utf8');

function secureDns(config: Config, security: Security): SecureDns | undefined {
  const port = config['ports.dns_tls'];
  if (port < 0) return undefined;
  return {
    port,
    addresses: dnsTlsAddresses(config),
    handshakeMs: config['limits.https_handshake_timeout'],
    settings: () => security.state.dns,
    onChange: (listener) => security.onChange(({ dns }) => listener(dns)),
  };
}

/** The refusal for a socket of DNS that could not be opened, by the option of its port. */
function dnsListenError(config: Config, cause: unknown): AppError {
  const { address = '', port } = cause as { readonly address?: string; readonly port?: number };
  const isSecure = port !== undefined && port === config['ports.dns_tls'];
  const [portKey, flag] = isSecure
    ? (['ports.dns_tls', 'dns-tls-port'] as const)
    : (['ports.dns', 'dns-port'] as const);
  const tried = address || (isSecure ? dnsTlsAddresses(config) : dnsAddresses(config))[0] || '';
  return listenError({ portKey, flag, address: tried, port: config[portKey] }, cause);
}

/** The DNS face. Rejects at start with config_invalid when a port cannot be had. */
export function dnsFace({ agentConfig, security, ...parts }: DnsFaceParts): DnsFace {
  const port = agentConfig['ports.dns'];
  const addresses = port < 0 ? [] : dnsAddresses(agentConfig);
  const threads = port < 0 ? 0 : agentConfig['dns_config.threads'];
  /** check-config.ts has refused other words. */
  const transport = UDP_TRANSPORTS.find((known) => known === agentConfig['dns_config.transport']) ?? 'auto';
  const secure = secureDns(agentConfig, security);
  let server: DnsServer | undefined;
  return {
    name: 'dns',
    start: async () => {
      if (port < 0 && secure === undefined && agentConfig['ports.https'] < 0) return;
      try {
        server = await startDns({ ...parts, addresses, port, threads, transport, readFile, secure });
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw dnsListenError(agentConfig, cause);
      }
    },
    stop: async () => server?.close(),
    answer: async (message, address) => server?.answer(message, address),
    watch: (onBatch) => server?.watch(onBatch),
  };
}
