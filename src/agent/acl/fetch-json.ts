/**
 * A JSON document from an address that an operator has configured: one request, no redirects, a few seconds, a few
 * hundred KiB. What the other side says in its errors is not repeated to whoever asked.
 */
import type http from 'node:http';
import { builtinHttp } from '../../lib/builtin-http.ts';
import type { JsonObject } from '../../model/types.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 512 * 1024;

export interface JsonRequest {
  readonly url: string;
  /** PEM of who may have signed the other side's certificate; '' takes those that the system trusts. */
  readonly ca: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function readBody(
  response: http.IncomingMessage,
  resolve: (text: string) => void,
  reject: (why: Error) => void,
) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) response.destroy(new Error('the answer is too large'));
    else chunks.push(chunk);
  });
  response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  response.on('error', reject);
}

/** The document. Rejects with a text that names what is wrong, never with what was answered. */
export async function fetchJson({
  url,
  ca,
  method = 'GET',
  headers = {},
  body,
}: JsonRequest): Promise<JsonObject> {
  const client = url.startsWith('https:') ? process.getBuiltinModule('node:https') : builtinHttp;
  const text = await new Promise<string>((resolve, reject) => {
    const request = client.request(
      url,
      {
        method,
        headers: { Accept: 'application/json', ...headers },
        timeout: TIMEOUT_MS,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
        ...(ca !== '' && { ca }),
      },
      (response) => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) readBody(response, resolve, reject);
        else {
          response.resume();
          reject(new Error(`it answers with status ${status}`));
        }
      },
    );
    request.on('timeout', () => request.destroy(new Error('it does not answer in time')));
    request.on('error', reject);
    request.end(body);
  });
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it does not answer with an object');
  return value as JsonObject;
}
