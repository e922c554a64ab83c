/**
 * Speaks HTTP to the agent: JSON in and out, the token as a header, refusals as ApiError with the agent's own text.
 *
 * Refuses to put a token into an address. Status 0 means that no answer came at all. Everything else about the
 * connection (waiting, repeating, going away and coming back) is in live.ts.
 */

/** What a question may take that says no time of its own, and a write. */
const ANSWER_MS = 15_000;
const WRITE_MS = 30_000;

/** What the agent, or the way to it, said no with. `status` 0: nobody answered. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }

  /** Nobody answered, or only something in between did. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }
}

interface Reply<T> {
  readonly value: T;
  /** X-Consul-Index; 0 when the answer carries none and so cannot be waited on. */
  readonly index: number;
  /** Length of the answer's text. */
  readonly size: number;
  /** Where an answer in pages goes on; '' when it does not. */
  readonly next: string;
  /** Something was left out that the token may not see. */
  readonly isFiltered: boolean;
}

export interface ApiClient {
  /**
   * GET `path` (with its query, without origin). A 404 that can be waited on ("no such key yet") is the value null.
   * Rejects with ApiError, or AbortError when `signal` fires; without one it gives up after some seconds.
   */
  get<T>(path: string, signal?: AbortSignal): Promise<Reply<T>>;
  /** Write; a string body goes out as it is, anything else as JSON. Resolves with the parsed answer. */
  send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Hands over each piece of a streamed text as it comes; resolves when the stream ends. */
  stream(path: string, signal: AbortSignal, onText: (text: string) => void): Promise<void>;
}

/** A path of the API out of segments that may hold any character. */
export function apiPath(...segments: string[]): string {
  return `/v1/${segments.map(encodeURIComponent).join('/')}`;
}

/** Keys keep their slashes; every segment between them is escaped. */
export function kvPath(key: string): string {
  return `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** Flags of keys are 64-bit numbers; those that a double cannot hold come as text. */
function keepLargeFlags(json: string): string {
  return json.replace(/("Flags":\s*)(\d{16,})/g, '$1"$2"');
}

function parseBody(response: Response, text: string): unknown {
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  return isJson && text !== '' ? JSON.parse(keepLargeFlags(text)) : text;
}

function indexOf(response: Response): number {
  return Number(response.headers.get('x-consul-index') ?? 0);
}

async function refusal(response: Response): Promise<ApiError> {
  const text = (await response.text()).trim();
  const isPage = text.startsWith('<');
  return new ApiError(
    response.status,
    isPage || text === '' ? `${response.status} ${response.statusText}` : text,
  );
}

function unreachable(error: unknown): unknown {
  if (error instanceof ApiError) return error;
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'AbortError') return error;
  return new ApiError(
    0,
    name === 'TimeoutError' ? 'The agent did not answer in time.' : 'The agent does not answer.',
  );
}

/** A client that asks `token()` before each request. */
export function createClient(token: () => string): ApiClient {
  async function request(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (token() !== '') headers.set('X-Consul-Token', token());
    const response = await fetch(path, { ...init, headers });
    const isAbsence = response.status === 404 && indexOf(response) > 0;
    if (!response.ok && !isAbsence) throw await refusal(response);
    return response;
  }

  return {
    async get<T>(path: string, signal?: AbortSignal) {
      try {
        const response = await request(path, { signal: signal ?? AbortSignal.timeout(ANSWER_MS) });
        const text = await response.text();
        const value = (response.ok ? parseBody(response, text) : null) as T;
        const isFiltered = response.headers.get('x-consul-results-filtered-by-acls') === 'true';
        return {
          value,
          index: indexOf(response),
          size: text.length,
          next: response.headers.get('x-rollcall-next') ?? '',
          isFiltered,
        };
      } catch (error) {
        throw unreachable(error);
      }
    },
    async send<T>(method: string, path: string, body?: unknown) {
      const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
      try {
        const signal = AbortSignal.timeout(WRITE_MS);
        const init = { method, signal };
        const response = await request(path, text === undefined ? init : { ...init, body: text });
        return parseBody(response, await response.text()) as T;
      } catch (error) {
        throw unreachable(error);
      }
    },
    async stream(path, signal, onText) {
      try {
        const { body } = await request(path, { signal });
        if (!body) return;
        const reader = body.pipeThrough(new TextDecoderStream()).getReader();
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) onText(piece.value);
      } catch (error) {
        throw unreachable(error);
      }
    },
  };
}
