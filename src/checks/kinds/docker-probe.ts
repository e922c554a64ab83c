/**
 * Docker checks: a program run inside a container by the engine at DOCKER_HOST; exit code 0 passes, 1 warns.
 *
 * Three calls of the engine's API: make an exec, start it (its output is the answer, a terminal so that it comes
 * unframed), ask for its exit code. docs.docker.com/reference/api/engine/#tag/Exec
 */
import type http from 'node:http';
import { builtinHttp } from '../../lib/builtin-http.ts';
import type { CheckStatus } from '../../model/types.ts';
import type { Probe, ProbeLimits, ProbeResult } from '../check.ts';
import { RequestFault } from '../request-fault.ts';
import { Tail } from '../tail.ts';

const DEFAULT_HOST = 'unix:///var/run/docker.sock';

/** Octets of an answer that is JSON. */
const MAX_JSON_BYTES = 64 * 1024;

const STATUS: Readonly<Record<number, CheckStatus>> = { 0: 'passing', 1: 'warning' };

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly maxBytes: number;
}

interface Reply {
  readonly code: number;
  readonly text: string;
  readonly totalBytes: number;
}

/** Where the engine listens, as options of a request. Throws RequestFault. */
function engineAt(host: string): http.RequestOptions {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length), host: 'docker' };
  const url = URL.parse(host.replace(/^tcp:/u, 'http:'));
  if (url === null || url.protocol !== 'http:')
    throw new RequestFault(`unable to parse docker host ${JSON.stringify(host)}`);
  return { host: url.hostname, port: url.port || 2375 };
}

function callEngine(engine: http.RequestOptions, call: Call, { signal }: ProbeLimits): Promise<Reply> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const request = builtinHttp.request(
      { ...engine, agent: false, method: call.method, path: call.path, headers, signal },
      (response) => {
        const tail = new Tail(call.maxBytes);
        response.on('data', (chunk: Buffer) => tail.push(chunk));
        response.on('error', reject);
        response.once('end', () =>
          resolve({ code: response.statusCode ?? 0, text: tail.text(), totalBytes: tail.totalBytes }),
        );
      },
    );
    request.on('error', (error) => reject(signal.aborted ? new RequestFault('timed out') : error));
    request.end(body);
  });
}

async function createExec(
  engine: http.RequestOptions,
  container: string,
  args: readonly string[],
  limits: ProbeLimits,
): Promise<string> {
  const body = { AttachStdin: false, AttachStdout: true, AttachStderr: true, Tty: true, Cmd: args };
  const path = `/containers/${encodeURIComponent(container)}/exec`;
  const reply = await callEngine(engine, { method: 'POST', path, body, maxBytes: MAX_JSON_BYTES }, limits);
  if (reply.code === 404)
    throw new RequestFault(`create exec failed for unknown container ${JSON.stringify(container)}`);
  if (reply.code === 409)
    throw new RequestFault(
      `create exec failed since container ${JSON.stringify(container)} is paused or stopped`,
    );
  if (reply.code !== 201)
    throw new RequestFault(
      `create exec failed for container ${container} with status code ${reply.code}: ${reply.text.trim()}`,
    );
  const { Id: id } = JSON.parse(reply.text) as { readonly Id?: unknown };
  if (typeof id !== 'string') throw new RequestFault('create exec failed: the engine gave no id');
  return id;
}

async function startExec(engine: http.RequestOptions, id: string, limits: ProbeLimits): Promise<string> {
  const body = { Detach: false, Tty: true };
  const path = `/exec/${encodeURIComponent(id)}/start`;
  const call: Call = { method: 'POST', path, body, maxBytes: limits.outputMaxBytes };
  const { code, text, totalBytes } = await callEngine(engine, call, limits);
  if (code !== 200)
    throw new RequestFault(`start exec failed for exec id ${id} with status ${code}: ${text}`);
  const output = text.replaceAll('\r\n', '\n');
  const keptBytes = Buffer.byteLength(text);
  return totalBytes > keptBytes ? `Captured ${keptBytes} of ${totalBytes} bytes\n...\n${output}` : output;
}

async function exitCode(engine: http.RequestOptions, id: string, limits: ProbeLimits): Promise<number> {
  const path = `/exec/${encodeURIComponent(id)}/json`;
  const reply = await callEngine(engine, { method: 'GET', path, maxBytes: MAX_JSON_BYTES }, limits);
  if (reply.code !== 200)
    throw new RequestFault(`inspect exec failed for exec id ${id} with status ${reply.code}`);
  const { ExitCode: code } = JSON.parse(reply.text) as { readonly ExitCode?: unknown };
  return typeof code === 'number' ? code : -1;
}

/** A probe of kind docker. `host` is what DOCKER_HOST says; undefined is the usual socket. */
export function dockerProbe(host: string | undefined): Probe<'docker'> {
  return async ({ containerId, args, shell }, limits): Promise<ProbeResult> => {
    try {
      const engine = engineAt(host || DEFAULT_HOST);
      // A shell, where one is named, takes the arguments as one command line.
      const command = shell === '' ? args : [shell, '-c', args.join(' ')];
      const id = await createExec(engine, containerId, command, limits);
      const output = await startExec(engine, id, limits);
      return { status: STATUS[await exitCode(engine, id, limits)] ?? 'critical', output };
    } catch (error) {
      return { status: 'critical', output: error instanceof Error ? error.message : String(error) };
    }
  };
}
