/**
 * One request of a connection at a time. Answers leave in the order of their requests anyway; what a client has sent
 * ahead waits its turn, and the turns of all connections share a few milliseconds of each round of the event loop.
 *
 * Without this a thousand requests in one packet are a thousand handlers in a row, and a hundred large answers lie in
 * memory behind the first one that its reader does not take. A request that was not sent ahead is begun at once.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Turns } from '../../lib/fair-turns.ts';

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/** A connection with a request in work. */
interface Line {
  isBusy: boolean;
  readonly waiting: Exchange[];
  /** To be called when the request in work is answered. */
  readonly advance: () => void;
}

/** Requests of one connection that may wait before no more of it is read; a packet may bring more. */
const MAX_WAITING = 32;

/** Have the requests of a server that does not listen yet begun one by one. */
export function queuePipelined(server: Server, turns: Pick<Turns, 'add'>): void {
  const lines = new WeakMap<Socket, Line>();
  const handlers = server.listeners('request');

  function begin(line: Line, exchange: Exchange): void {
    const [request, response] = exchange;
    line.isBusy = true;
    response.on('close', line.advance);
    for (const handler of handlers) handler.call(server, request, response);
  }

  function advance(line: Line, socket: Socket): void {
    line.isBusy = false;
    if (socket.destroyed) line.waiting.length = 0;
    if (line.waiting.length > 0) turns.add({ step: () => next(line, socket) });
  }

  function next(line: Line, socket: Socket): false {
    const exchange = socket.destroyed ? undefined : line.waiting.shift();
    if (exchange !== undefined) begin(line, exchange);
    if (line.waiting.length < MAX_WAITING && socket.isPaused()) socket.resume();
    return false;
  }

  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const { socket } = request;
    let line = lines.get(socket);
    if (line === undefined) {
      const made: Line = { isBusy: false, waiting: [], advance: () => advance(made, socket) };
      lines.set(socket, made);
      line = made;
    }
    if (!line.isBusy && line.waiting.length === 0) begin(line, [request, response]);
    else if (line.waiting.push([request, response]) >= MAX_WAITING) socket.pause();
  });
}
