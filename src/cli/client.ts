/**
 * A small client of the HTTP API: address, token and TLS from flags or environment, one request at a time.
 *
 * Knows paths, not meanings. An answer of another status than expected becomes an AppError whose text is what
 * Consul's tools print. A unix socket is `unix:///path`.
 */
import fs from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import { builtinHttp } from '../lib/builtin-http.ts';
import { systemErrorText } from '../lib/system-error.ts';
import { AppError } from '../model/errors.ts';
import type { FlagSpec, Flags } from './flags.ts';

export const CLIENT_FLAGS: readonly FlagSpec[] = [
  {
    name: 'http-addr',
    value: 'ADDRESS',
    doc: 'Address of the agent; also ROLLCALL_HTTP_ADDR or CONSUL_HTTP_ADDR. Default http://127.0.0.1:8500.',
  },
  { name: 'token', value: 'TOKEN', doc: 'Token to send; also ROLLCALL_HTTP_TOKEN or CONSUL_HTTP_TOKEN.' },
  { name: 'token-file', value: 'FILE', doc: 'File that holds the token.' },
  { name: 'datacenter', value: 'NAME', doc: 'Datacenter to ask; that of the agent when not given.' },
  { name: 'stale', doc: 'Allow any server to answer.' },
  { name: 'ca-file', value: 'FILE', doc: 'Certificate authority to trust.' },
  { name: 'ca-path', value: 'DIR', doc: 'Folder of certificate authorities to trust.' },
  { name: 'client-cert', value: 'FILE', doc: 'Certificate to show.' },
  { name: 'client-key', value: 'FILE', doc: 'Key of the certificate.' },
  { name: 'tls-server-name', value: 'NAME', doc: 'Name that the certificate of the agent must carry.' },
  { name: 'namespace', value: 'NAME', doc: 'Accepted; there is one namespace.' },
  { name: 'partition', value: 'NAME', doc: 'Accepted; there is one partition.' },
];

type Env = Readonly<Record<string, string | undefined>>;

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Call {
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

interface Target {
  readonly origin: string;
  /** As messages name it. */
  readonly shown: string;
  readonly options: https.RequestOptions;
}

const fromEnv = (env: Env, name: string): string | undefined =>
  env[`ROLLCALL_${name}`] || env[`CONSUL_${name}`] || undefined;

/** What reads a file or folder that a flag or variable names; a failure says which. */
function reading<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (cause) {
    throw new AppError('bad_request', `${path}: cannot be read: ${systemErrorText(cause)}`, { cause });
  }
}

const readText = (path: string): string => reading(path, (file) => fs.readFileSync(file, 'utf8'));

const readFileOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : readText(path);

function authorities(flags: Flags, env: Env): string[] | undefined {
  const dir = flags.text('ca-path') ?? fromEnv(env, 'CAPATH');
  const file = flags.text('ca-file') ?? fromEnv(env, 'CACERT');
  const files = [
    ...(dir ? reading(dir, (folder) => fs.readdirSync(folder)).map((name) => `${dir}/${name}`) : []),
    ...(file ? [file] : []),
  ];
  return files.length === 0 ? undefined : files.map(readText);
}

function tlsOptions(flags: Flags, env: Env): https.RequestOptions {
  const ca = authorities(flags, env);
  const cert = readFileOf(flags.text('client-cert') ?? fromEnv(env, 'CLIENT_CERT'));
  const key = readFileOf(flags.text('client-key') ?? fromEnv(env, 'CLIENT_KEY'));
  const servername = flags.text('tls-server-name') ?? fromEnv(env, 'TLS_SERVER_NAME');
  return {
    rejectUnauthorized: fromEnv(env, 'HTTP_SSL_VERIFY') !== 'false',
    ...(ca && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  };
}

function targetOf(flags: Flags, env: Env): Target {
  const address = flags.text('http-addr') ?? fromEnv(env, 'HTTP_ADDR') ?? 'http://127.0.0.1:8500';
  if (address.startsWith('unix://'))
    return {
      origin: 'http://localhost',
      shown: address,
      options: { socketPath: address.slice('unix://'.length) },
    };
  const isTls =
    address.startsWith('https://') || (!address.includes('://') && fromEnv(env, 'HTTP_SSL') === 'true');
  const url = address.includes('://') ? address : `${isTls ? 'https' : 'http'}://${address}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw new AppError(
      'bad_request',
      `-http-addr ${address} is no address; write HOST:PORT, http://…, https://… or unix:///PATH`,
    );
  const { origin } = parsed;
  return { origin, shown: origin, options: isTls ? tlsOptions(flags, env) : {} };
}

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is the agent running?',
  ENOTFOUND: 'no such host',
  ENOENT: 'no such socket',
  ECONNRESET: 'connection reset',
  ETIMEDOUT: 'timed out',
  EPROTO: 'it does not speak TLS; try http://',
};

/** Headers of every request. What cannot be sent is refused, and not shown: it may be a secret. */
function headersOf(flags: Flags, env: Env): Record<string, string> {
  const tokenFile = flags.text('token-file') ?? fromEnv(env, 'HTTP_TOKEN_FILE');
  // As in Consul, an empty one counts as not given.
  const token = flags.text('token') || readFileOf(tokenFile)?.trim() || fromEnv(env, 'HTTP_TOKEN');
  if (token !== undefined && !/^[\x20-\x7e]*$/.test(token))
    throw new AppError('bad_request', 'the token holds what no token does, such as the end of a line');
  const auth = fromEnv(env, 'HTTP_AUTH');
  return {
    ...(token ? { 'X-Consul-Token': token } : {}),
    ...(auth ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {}),
  };
}

export class Client {
  readonly #target: Target;
  readonly #headers: Record<string, string>;
  readonly #query: readonly (readonly [string, string])[];

  constructor(flags: Flags, env: Env) {
    this.#target = targetOf(flags, env);
    this.#headers = headersOf(flags, env);
    const datacenter = flags.text('datacenter');
    this.#query = [
      ...(datacenter ? [['dc', datacenter] as const] : []),
      ...(flags.isOn('stale') ? [['stale', ''] as const] : []),
    ];
  }

  /** Send one request and read the whole answer. Rejects with AppError when the agent cannot be reached. */
  async request(method: string, path: string, call: Call = {}): Promise<Answer> {
    const response = await this.open(method, path, call);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response) chunks.push(chunk as Buffer);
    } catch (cause) {
      const text = `the agent at ${this.#target.shown} broke off in the middle of its answer`;
      throw new AppError('not_found', text, { cause });
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
  }

  /** Send one request; resolves with the answer's stream once its header is here. */
  open(method: string, path: string, call: Call = {}): Promise<http.IncomingMessage> {
    const url = new URL(path, this.#target.origin);
    for (const [name, value] of [...this.#query, ...Object.entries(call.query ?? {})]) {
      for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, one);
    }
    const { request } = url.protocol === 'https:' ? https : builtinHttp;
    const options = {
      ...this.#target.options,
      method,
      headers: this.#headers,
      ...(call.signal && { signal: call.signal }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, options, resolve);
      sent.on('error', (cause: NodeJS.ErrnoException) => {
        const why = CONNECT_ERRORS[cause.code ?? ''] ?? cause.message;
        reject(
          new AppError('not_found', `cannot reach the agent at ${this.#target.shown}: ${why}`, { cause }),
        );
      });
      sent.end(call.body);
    });
  }

  /** The body of a 200 answer. Rejects with AppError for any other status. */
  async ok(method: string, path: string, call: Call = {}): Promise<Buffer> {
    const answer = await this.request(method, path, call);
    if (answer.status !== 200) throw unexpected(answer);
    return answer.body;
  }

  /** The JSON of a 200 answer, of which the caller knows the shape. */
  async get<T>(path: string, query: Call['query'] = {}): Promise<T> {
    return jsonOf<T>(await this.ok('GET', path, { query }));
  }
}

/** An answer's JSON, of which the caller knows the shape. Throws AppError where it is none. */
export function jsonOf<T>(body: Buffer): T {
  try {
    return JSON.parse(body.toString('utf8')) as T;
  } catch (cause) {
    throw new AppError('bad_request', 'the answer is not JSON: another program listens at this address', {
      cause,
    });
  }
}

/** An answer of the agent that is not what was hoped for; a command may say what it was about. */
export class RefusedAnswer extends AppError {}

/** The refusal for such an answer. */
export function unexpected({ status, body }: Answer): RefusedAnswer {
  const text = body.toString('utf8').trim();
  return new RefusedAnswer('bad_request', `Unexpected response code: ${status}${text ? ` (${text})` : ''}`);
}
