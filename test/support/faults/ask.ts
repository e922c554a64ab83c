/**
 * One question to one server over HTTP, and what its end says about a write.
 *
 * Only two ends say for certain that nothing was done: nobody listens there, or the server says that there is no leader.
 */
import http from 'node:http';
import type { Told } from './ledger.ts';

export interface Reply {
  /** 0: no answer. */
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly told: Told;
}

export interface Question {
  readonly method?: 'GET' | 'PUT' | 'DELETE';
  readonly body?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 4_000;

const nothing = (told: Told): Reply => ({ status: 0, body: '', headers: {}, told });

function toldBy(status: number, body: string): Told {
  if (status >= 200 && status < 300) return 'done';
  if (status < 500) return 'not done';
  return body.includes('No cluster leader') ? 'not done' : 'unknown';
}

/** Ask; never rejects. Connections are kept by `agent`, one for each client, so that clients do not wait for each other. */
export function ask(agent: http.Agent, url: string, question: Question = {}): Promise<Reply> {
  const { method = 'GET', body, timeoutMs = TIMEOUT_MS } = question;
  return new Promise((resolve) => {
    const request = http.request(url, { method, agent });
    const timer = setTimeout(() => request.destroy(), timeoutMs);
    const end = (reply: Reply): void => {
      clearTimeout(timer);
      resolve(reply);
    };
    request.on('error', (error: NodeJS.ErrnoException) =>
      end(nothing(error.code === 'ECONNREFUSED' ? 'not done' : 'unknown')),
    );
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', () => end(nothing('unknown')));
      response.on('aborted', () => end(nothing('unknown')));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const text = Buffer.concat(pieces).toString('utf8');
        end({ status, body: text, headers: response.headers, told: toldBy(status, text) });
      });
    });
    request.end(body);
  });
}
