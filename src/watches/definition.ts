/**
 * One watch of a configuration: what it follows, and what is told of changes. Pure: a document in, a definition out.
 *
 * A change runs a program (`args`, or the older `handler` that a shell reads), or is sent to an address (`handler_type`
 * http with `http_handler_config`); one of them, not more. Refuses with Consul's texts where it has them.
 */
import { parseDuration } from '../lib/duration.ts';
import { hintOf } from '../lib/nearest.ts';
import { refuse } from '../model/errors.ts';
import { type Parameters, planWatch, type WatchPlan } from './watch-plan.ts';

export interface ProgramHandler {
  readonly kind: 'program';
  readonly args: readonly string[];
}

export interface HttpHandler {
  readonly kind: 'http';
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly timeoutMs: number;
  readonly isCertificateChecked: boolean;
}

export interface WatchDefinition {
  readonly plan: WatchPlan;
  readonly handler: ProgramHandler | HttpHandler;
  /** '' for none. */
  readonly token: string;
  /** The same for definitions that say the same. */
  readonly fingerprint: string;
}

const HTTP_KEYS = ['path', 'method', 'header', 'timeout', 'tls_skip_verify'];
const DEFAULT_TIMEOUT_MS = 10_000;

function textsOf(value: unknown, key: string): readonly string[] {
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  if (list.length === 0 || !list.every((item) => typeof item === 'string'))
    refuse('config_invalid', `${key}: must be a text or a list of texts`);
  return list as readonly string[];
}

/** An object, or the list with one that HCL makes of a block. */
function blockOf(value: unknown, key: string): Parameters {
  const block: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof block !== 'object' || block === null || Array.isArray(block))
    refuse('config_invalid', `${key}: must be an object`);
  return block as Parameters;
}

function optionalText(value: unknown, key: string): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : refuse('config_invalid', `${key}: must be a text`);
}

function timeoutOf(value: unknown): number {
  if (value === undefined) return DEFAULT_TIMEOUT_MS;
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms === undefined || ms <= 0)
    refuse('config_invalid', 'http_handler_config.timeout: must be a duration like "10s"');
  return ms;
}

function urlOf(path: string): string {
  if (path === '')
    refuse('config_invalid', "Failed to parse 'http_handler_config': Requires 'path' to be set");
  if (!/^https?:$/.test(URL.parse(path)?.protocol ?? ''))
    refuse(
      'config_invalid',
      `http_handler_config.path: must be an http or https address, not ${JSON.stringify(path)}`,
    );
  return path;
}

function httpHandler(document: unknown): HttpHandler {
  if (document === undefined)
    refuse('config_invalid', "Handler type 'http' requires 'http_handler_config' to be set");
  const config = blockOf(document, 'http_handler_config');
  const strange = Object.keys(config).find((key) => !HTTP_KEYS.includes(key));
  if (strange !== undefined)
    refuse('config_invalid', `http_handler_config: unknown key ${strange}${hintOf(strange, HTTP_KEYS)}`);
  const isUnchecked = config['tls_skip_verify'] ?? false;
  if (typeof isUnchecked !== 'boolean')
    refuse('config_invalid', 'http_handler_config.tls_skip_verify: must be true or false');
  const headers = Object.entries(blockOf(config['header'] ?? {}, 'http_handler_config.header'));
  return {
    kind: 'http',
    url: urlOf(optionalText(config['path'], 'http_handler_config.path')),
    method: optionalText(config['method'], 'http_handler_config.method').toUpperCase() || 'POST',
    headers: Object.fromEntries(
      headers.map(([name, value]) => [name, textsOf(value, `http_handler_config.header.${name}`)]),
    ),
    timeoutMs: timeoutOf(config['timeout']),
    isCertificateChecked: !isUnchecked,
  };
}

function handlerOf(
  type: unknown,
  handler: unknown,
  args: unknown,
  http: unknown,
): WatchDefinition['handler'] {
  if (type !== 'script' && type !== 'http')
    refuse('config_invalid', `Handler type '${String(type)}' not recognized`);
  const programs = [handler, args].filter((one) => one !== undefined).length;
  if (programs + (type === 'http' ? 1 : 0) > 1) refuse('config_invalid', 'Only one watch handler allowed');
  if (type === 'http') return httpHandler(http);
  if (http !== undefined) refuse('config_invalid', "http_handler_config: needs handler_type 'http'");
  if (programs === 0) refuse('config_invalid', 'Must define a watch handler');
  if (args !== undefined) return { kind: 'program', args: textsOf(args, 'args') };
  if (typeof handler !== 'string') refuse('config_invalid', 'Watch handler must be a string');
  return { kind: 'program', args: ['/bin/sh', '-c', handler] };
}

/** A member of `watches`. Throws AppError config_invalid or bad_request whose text names the key. */
export function decodeWatch(document: Parameters): WatchDefinition {
  const {
    handler_type: type = 'script',
    handler,
    args,
    http_handler_config: http,
    token,
    ...rest
  } = document;
  return {
    plan: planWatch(rest),
    handler: handlerOf(type, handler, args, http),
    token: optionalText(token, 'token'),
    fingerprint: JSON.stringify(document),
  };
}
