/**
 * Forwards requests that a client agent does not answer itself to a server, and brings the answers back.
 *
 * A request travels as it came, token included, but without what concerns only the connection that it came on. Large
 * bodies and answers are sent in pieces, each when there is room. A read whose connection breaks is tried once more; a
 * write is not, because it may have been carried out.
 */
import { Readable } from 'node:stream';
import type { ServerLink } from '../../cluster/server-link.ts';
import { noServers } from '../../cluster/server-link.ts';
import { sentToken } from '../../http/access/sent-token.ts';
import type { Call, Reply } from '../../http/call-and-reply.ts';
import { ASKED_AGENT } from '../../http/request/near-parameter.ts';
import { AppError } from '../../model/errors.ts';
import type { CallEnd } from '../../rpc/rpc-connection.ts';
import type { HttpPiece, HttpRequest } from '../forwarded-http.ts';

/** Request bodies above this go piece by piece. */
const PIECE_BYTES = 1024 * 1024;

/** Headers that say something about this connection or this machine. */
const STAYS_HERE: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'accept-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'origin',
  'referer',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
]);
/** The same for answers. Headers that every answer has are added here again. */
const ANSWER_STAYS_THERE: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'date',
  'vary',
  'x-consul-default-acl-policy',
  'x-consul-translate-addresses',
  'x-content-type-options',
  'x-frame-options',
]);

/** What Consul's client agents put before a refusal of a server. */
const REFUSED_THERE = 'rpc error making call: ';

export interface ForwardParts {
  readonly link: Pick<ServerLink, 'call'>;
  /** The node that `_agent` stands for; '' in requests to another datacenter, to which no node of this one is near. */
  readonly nodeName: string;
  /** The secret that requests without a token are sent with; '' is none. */
  readonly defaultToken?: () => string;
  /** The refusal while no server is reached; Consul's text for a client agent when absent. */
  readonly unreached?: string;
  /** An id for an upload, never used twice. */
  readonly newId: () => string;
}

function headersOf(call: Call, nodeName: string, defaultToken: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.headers))
    if (!STAYS_HERE.has(name) && value !== undefined) headers[name] = String(value);
  if (headers['x-forwarded-for'] === undefined && call.remoteAddress !== '')
    headers['x-forwarded-for'] = call.remoteAddress;
  headers[ASKED_AGENT] = nodeName;
  // Whoever passed a call on already has added its own.
  if (defaultToken !== '' && !call.isForwarded && sentToken(call) === '')
    headers['x-consul-token'] = defaultToken;
  return headers;
}

function* piecesOf(body: Buffer): Iterable<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}

/** The answer as it arrives. */
class Arriving {
  readonly reply: Promise<Reply | undefined>;
  readonly #resolve: (reply: Reply | undefined) => void;
  #body: Readable | undefined;
  #wake: () => void = () => {};

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    this.reply = promise;
    this.#resolve = resolve;
  }

  /** Take a piece; resolves when there is room for another. */
  take(piece: HttpPiece): void | Promise<void> {
    const body = piece.body === undefined ? undefined : Buffer.from(piece.body);
    if (piece.status !== undefined) {
      const headers = keptHeaders(piece.headers ?? {});
      if (piece.isWhole) {
        this.#resolve(wholeReply(piece.status, headers, body ?? Buffer.alloc(0)));
        return;
      }
      const stream = new Readable({
        read: () => this.#wake(),
        destroy: (_error, done) => {
          this.#wake();
          done(null);
        },
      });
      this.#body = stream;
      this.#resolve({ status: piece.status, headers, body: stream });
    }
    if (this.#body === undefined || body === undefined || this.#body.destroyed) return undefined;
    if (this.#body.push(body)) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  end({ kind }: CallEnd): void {
    if (kind === 'answered') this.#body?.push(null);
    else this.#body?.destroy(new Error('the connection to the server broke'));
    this.#resolve(undefined);
  }
}

function keptHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !ANSWER_STAYS_THERE.has(name.toLowerCase())),
  );
}

function wholeReply(status: number, headers: Record<string, string>, body: Buffer): Reply {
  const isRefusal =
    (status === 500 || status === 403) && (headers['Content-Type'] ?? '').startsWith('text/plain');
  if (!isRefusal) return { status, headers, body };
  return { status, headers, body: Buffer.concat([Buffer.from(REFUSED_THERE), body]) };
}

/** Answers requests by asking a server. Rejects with what the client is to be told. */
export function makeForward({
  link,
  nodeName,
  newId,
  unreached,
  defaultToken,
}: ForwardParts): (call: Call) => Promise<Reply> {
  const send = async (id: string, pieces: AsyncIterable<Buffer> | Iterable<Buffer>, signal: AbortSignal) => {
    for await (const piece of pieces) {
      if (signal.aborted) return;
      const end = await link.call('http-piece', { id, piece }, { signal });
      if (end.kind !== 'answered') return; // the answer says why, or the lost connection does
    }
    await link.call('http-piece', { id, piece: null }, { signal });
  };
  const ask = async (call: Call): Promise<{ reply: Reply | undefined; ended: Promise<CallEnd> }> => {
    const isLarge = call.upload !== undefined || call.body.length > PIECE_BYTES;
    const request: HttpRequest = {
      method: call.method,
      url: call.url,
      headers: headersOf(call, nodeName, defaultToken?.() ?? ''),
      ...(isLarge ? { uploadId: newId() } : { body: call.body }),
    };
    const arriving = new Arriving();
    const signal = call.signal();
    const ended = link.call('http', request, {
      signal,
      onMessage: (message) => arriving.take(message as HttpPiece),
    });
    void ended.then((end) => arriving.end(end));
    if (request.uploadId !== undefined)
      void send(request.uploadId, call.upload?.pieces() ?? piecesOf(call.body), signal).catch(() => {});
    return { reply: await arriving.reply, ended };
  };
  const refusalOf = (end: CallEnd, call: Call): AppError => {
    if (end.kind === 'refused') return new AppError(end.error.code, REFUSED_THERE + end.error.message);
    if (end.kind !== 'unsent') return lostAnswer(call);
    return unreached === undefined ? noServers() : new AppError('unknown_datacenter', unreached);
  };
  return async (call) => {
    const { reply, ended } = await ask(call);
    if (reply !== undefined) return reply;
    const end = await ended;
    const mayRepeat = end.kind === 'unknown' && call.method === 'GET' && !call.signal().aborted;
    if (!mayRepeat) throw refusalOf(end, call);
    const again = await ask(call);
    if (again.reply === undefined) throw refusalOf(await again.ended, call);
    return again.reply;
  };
}

function lostAnswer({ method }: Call): AppError {
  const what = method === 'GET' ? '' : ': the change may have been made or not';
  return new AppError(
    'outcome_unknown',
    `${REFUSED_THERE}the connection to the server broke before it answered${what}`,
  );
}
