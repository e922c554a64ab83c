/**
 * Reads the bodies of requests into memory, within a budget (budget.ts); those that are large go to files (upload.ts).
 *
 * What has arrived counts until the request is answered. A body that is still arriving may lose its place to others,
 * the oldest first: its client is told 503 and when to come again. Octets go into one buffer that doubles, so a body
 * that comes in pieces of one octet costs no more than one that comes at once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';
import type { Budget, Share } from './budget.ts';
import { type BodyRequest, leaveUnread, overBudget, refuseDeclared, tooLarge } from './refused-body.ts';
import { receiveUpload, type Upload, type Uploads } from './upload.ts';

const NO_BODY = Buffer.alloc(0);
/** Room for a body of which a second piece comes. */
const FIRST_BYTES = 4 * 1024;

class Receiving {
  readonly #maxBytes: number;
  readonly #share: Share;
  #buffer: Buffer = NO_BODY;
  #length = 0;

  constructor(maxBytes: number, share: Share) {
    this.#maxBytes = maxBytes;
    this.#share = share;
  }

  /** Keep a piece; the first is taken as it is, since most bodies have no other. Throws what the client is to be told. */
  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#maxBytes) throw tooLarge();
    if (this.#length === 0) {
      if (!this.#share.grow(length)) throw overBudget();
      this.#buffer = chunk;
    } else {
      if (length > this.#buffer.length) this.#enlarge(length);
      chunk.copy(this.#buffer, this.#length);
    }
    this.#length = length;
  }

  #enlarge(length: number): void {
    const capacity = Math.min(this.#maxBytes, Math.max(length, FIRST_BYTES, 2 * this.#buffer.length));
    if (!this.#share.grow(capacity - this.#buffer.length)) throw overBudget();
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  get body(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** Resolves to the body of a request. Rejects with what its client is to be told, and leaves the rest unread. */
function readBody({ raw, response, maxBytes }: BodyRequest, budget: Budget): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    refuseDeclared(raw, maxBytes);
    const share = budget.open(raw.socket.remoteAddress ?? '', () => fail(overBudget()));
    const receiving = new Receiving(maxBytes, share);
    response.once('close', () => share.close());

    function detach(): void {
      raw.off('data', take).off('end', end).off('close', lose);
    }
    function fail(error: unknown): void {
      detach();
      share.close();
      reject(error as Error);
    }
    function take(chunk: Buffer): void {
      try {
        receiving.add(chunk);
      } catch (error) {
        fail(error);
      }
    }
    function end(): void {
      detach();
      share.keep();
      resolve(receiving.body);
    }
    function lose(): void {
      fail(new AppError('bad_request', 'the client went away before its request was complete'));
    }
    raw.on('data', take).on('end', end).on('close', lose);
    raw.on('error', () => {}); // always followed by close
  });
}

/** Reads the bodies of a server's requests, as its library wants it. */
export class BodyReader {
  readonly #budget: Budget;
  readonly #uploads: Uploads;
  readonly #clock: Pick<Clock, 'after'>;
  /** Requests whose bodies go to files. */
  readonly #large = new WeakSet<IncomingMessage>();
  /** The parser of the library is not given the reply, and what a body holds is given back when that is out. */
  readonly #responses = new WeakMap<IncomingMessage, ServerResponse>();

  constructor(budget: Budget, uploads: Uploads, clock: Pick<Clock, 'after'>) {
    this.#budget = budget;
    this.#uploads = uploads;
    this.#clock = clock;
  }

  /** Hook of routes whose bodies go to files. */
  readonly onLargeRequest: BodyReader['onRequest'] = (request, reply, done) => {
    this.#large.add(request.raw);
    this.onRequest(request, reply, done);
  };

  /** Hook of routes that take bodies. Bodies are bytes whatever they are called, so a type must not stop them. */
  readonly onRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    if (request.raw.headers['content-type'] !== undefined) delete request.raw.headers['content-type'];
    this.#responses.set(request.raw, reply.raw);
    done();
  };

  /** Parser of all types. What nobody takes is not kept. */
  readonly parse = async ({ raw, routeOptions }: FastifyRequest): Promise<Buffer | Upload> => {
    const response = this.#responses.get(raw);
    if (response === undefined) {
      raw.resume();
      return NO_BODY;
    }
    const request = { raw, response, maxBytes: routeOptions.bodyLimit ?? 0 };
    try {
      const isLarge = this.#large.has(raw);
      return await (isLarge ? receiveUpload(request, this.#uploads) : readBody(request, this.#budget));
    } catch (error) {
      leaveUnread(request, this.#clock);
      throw error;
    }
  };
}
