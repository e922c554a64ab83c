/**
 * What a client agent has servers decide where there is access control: what a token is, and whether it may have something
 * written.
 */
import type { RefusedPart } from '../../cluster/agent-messages.ts';
import { readTokenAnswer } from '../acl/token-answer.ts';
import type { RemoteRights } from '../core.ts';
import { answerOf, SUBMIT_MS } from './catalog-of-servers.ts';
import type { Servers } from './servers.ts';

/** Time in ms that a server has to say what a token is. */
const ASK_TOKEN_MS = 5_000;

/** What a server answers to a command; without `refused` it knows no access control. */
interface CarriedOut {
  readonly index: number;
  readonly refused?: readonly RefusedPart[];
}

/** How the servers look at tokens for this agent. */
export function remoteRights(servers: Pick<Servers, 'link' | 'marks' | 'listen'>): RemoteRights {
  const { link, marks } = servers;
  return {
    askToken: async (secret) => {
      const end = await link.call('acl-token', { secret }, { timeoutMs: ASK_TOKEN_MS });
      return end.kind === 'answered' ? readTokenAnswer(end.value) : undefined;
    },
    submitParts: async (parts, by) => {
      const end = await link.call('command', { parts, by }, { timeoutMs: SUBMIT_MS });
      // An agent that is no member may have nothing written; it is sent again when it is one.
      if (end.kind === 'refused' && end.error.code === 'forbidden')
        return parts.map((_, part) => ({ part, by: end.error.message }));
      const { index, refused = [] } = answerOf(end) as CarriedOut;
      await marks.reached(index, SUBMIT_MS);
      return refused;
    },
    onReached: (listener) => servers.listen({ onReached: listener }),
  };
}
