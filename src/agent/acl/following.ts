/**
 * With which token a client agent follows a name on the servers: that of whoever asks, if it may see all that there can be
 * behind the name. Everybody else is answered by a server.
 */
import type { AgentRights } from '../../cluster/agent-rights.ts';
import type { AskedWith } from '../../http/access/sent-token.ts';
import type { HttpParts } from '../../http/http-parts.ts';
import type { AccessControl } from './access-control.ts';
import type { AgentTokens } from './agent-tokens.ts';

export interface Following {
  /** The secret to follow a topic with; undefined when whoever asks may not. Never rejects. */
  tokenFor(request: AskedWith, topic: string): Promise<string | undefined>;
  /** Whether DNS may follow a topic. */
  mayDns(topic: string): boolean;
  /** The secret that DNS asks with; undefined where access control is off. */
  dnsToken(): string | undefined;
}

/** Where access control is off, everybody may follow everything. */
export const FOLLOWS_ALL: Following = {
  tokenFor: async () => '',
  mayDns: () => true,
  dnsToken: () => undefined,
};

interface FollowingParts {
  readonly control: Pick<AccessControl, 'secretOf'>;
  readonly rights: Pick<AgentRights, 'maySeeAll'>;
  readonly tokens: Pick<AgentTokens, 'orDefault'>;
  readonly knowAsker: NonNullable<HttpParts['knowAsker']>;
}

/** By the rights of those who ask. */
export function followingBy({ control, rights, tokens, knowAsker }: FollowingParts): Following {
  const dnsToken = (): string => tokens.orDefault('dns');
  return {
    tokenFor: async (request, topic) => {
      await knowAsker(request);
      const secret = control.secretOf(request);
      return secret !== undefined && rights.maySeeAll(secret, topic) ? secret : undefined;
    },
    mayDns: (topic) => rights.maySeeAll(dnsToken(), topic),
    dnsToken,
  };
}
