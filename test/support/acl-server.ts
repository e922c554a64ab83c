/**
 * The HTTP server with access control on: the real one of an agent over a catalog in memory, and tokens to ask it with.
 */
import { AccessControl } from '../../src/agent/acl/access-control.ts';
import { AGENT_TOKENS, type AgentTokenKind } from '../../src/agent/acl/acl-settings.ts';
import { beginCommand } from '../../src/agent/acl/acl-term.ts';
import { AgentTokens } from '../../src/agent/acl/agent-tokens.ts';
import { authMethodProblem, claimNames, logIn } from '../../src/agent/acl/auth-methods.ts';
import { KeySets } from '../../src/agent/acl/key-sets.ts';
import { tokenRowsOf } from '../../src/agent/acl/token-rows.ts';
import { sentToken } from '../../src/http/access/sent-token.ts';
import type { AclPort } from '../../src/http/acl-port.ts';
import type { HttpParts, LogStream } from '../../src/http/http-parts.ts';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import { type Answer, startHttp, type TestServer } from './http-server.ts';

/** The management token. */
export const ROOT = '9f2c41d7-6b0e-4c58-a3d9-0e7b15c2f846';

export interface AclServer extends TestServer {
  readonly tokens: AgentTokens;
  /** Ask with a token; '' sends none. */
  as(token: string): {
    readonly get: (url: string, headers?: Record<string, string>) => Promise<Answer>;
    readonly put: (url: string, body?: unknown) => Promise<Answer>;
    readonly post: (url: string, body?: unknown) => Promise<Answer>;
    readonly delete: (url: string) => Promise<Answer>;
    readonly ask: (method: string, url: string, body?: unknown) => Promise<Answer>;
  };
  /** A new token with a policy of these rules: its secret. */
  grant(rules: string): Promise<string>;
}

interface AclServerOptions {
  readonly defaultAllows?: boolean;
  readonly hasKeyListPolicy?: boolean;
  readonly tokens?: Partial<Record<AgentTokenKind, string>>;
  readonly logStream?: LogStream;
  readonly watchDns?: HttpParts['watchDns'];
  readonly log?: Logger;
}

/** Start it; the catalog has what access control begins with, and the management token. */
export async function startAclServer(options: AclServerOptions = {}): Promise<AclServer> {
  const { defaultAllows = false, hasKeyListPolicy = false, tokens: given = {} } = options;
  const configured = Object.fromEntries(AGENT_TOKENS.map((kind) => [kind, given[kind] ?? ''])) as Record<
    AgentTokenKind,
    string
  >;
  const tokens = new AgentTokens({ configured, file: undefined, log: silentLogger });
  const holder: { control?: AccessControl } = {};
  const control = (): AccessControl => holder.control as AccessControl;
  const port = (clock: TestServer['clock']): AclPort => ({
    sentSecret: sentToken,
    tokenOf: (request) => control().tokenOf(request),
    authorizerOfSecret: (secret) => control().authorizerOfSecret(secret),
    explain: (token) => control().explain(token),
    setAgentToken: (kind, secret) => tokens.set(kind, secret),
    readResetIndex: async () => 0,
    removeResetFile: async () => {},
    authMethodProblem,
    claimNames,
    logIn: (method, bearer) => logIn(method, bearer, { clock, keySets: new KeySets(clock) }),
  });
  const server = await startHttp(
    { acl: { isEnabled: true, defaultAllows, hasKeyListPolicy } },
    {
      authorizerOf: (request) => control().authorizerOf(request),
      ...(options.logStream && { logStream: options.logStream }),
      ...(options.watchDns && { watchDns: options.watchDns }),
      ...(options.log && { log: options.log }),
    },
    port,
  );
  const { state, clock } = server;
  holder.control = new AccessControl({
    rows: tokenRowsOf(state.view, clock),
    tokens,
    datacenter: 'dc1',
    nodeName: 'n1',
    defaultAllows,
    log: options.log ?? silentLogger,
  });
  await server.writer.submit(beginCommand(ROOT));
  const as: AclServer['as'] = (token) => {
    const ask = (
      method: string,
      url: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<Answer> =>
      server.request(method, url, {
        headers: { ...headers, ...(token !== '' && { 'X-Consul-Token': token }) },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    return {
      ask,
      get: (url, headers) => ask('GET', url, undefined, headers),
      put: (url, body) => ask('PUT', url, body),
      post: (url, body) => ask('POST', url, body),
      delete: (url) => ask('DELETE', url),
    };
  };
  let granted = 0;
  const grant = async (rules: string): Promise<string> => {
    granted += 1;
    const root = as(ROOT);
    const policy = await root.put('/v1/acl/policy', { Name: `grant-${granted}`, Rules: rules });
    const { ID } = policy.json() as { ID: string };
    const token = await root.put('/v1/acl/token', { Policies: [{ ID }] });
    return (token.json() as { SecretID: string }).SecretID;
  };
  return { ...server, tokens, as, grant };
}
