/**
 * A snapshot that is to be restored is sent to the leader as a file: as a command it would be many times larger than a
 * message between servers may be, and it would be unpacked twice.
 */
import type { ServerRecord } from '../../catalog/leader-lock.ts';
import type { Call, Reply } from '../../http/call-and-reply.ts';
import type { AnswerElsewhere } from '../../http/elsewhere-port.ts';
import { systemRandom } from '../../lib/random.ts';
import { makeForward } from '../client/forward-http.ts';
import type { ClusterServer } from './cluster-server.ts';

/** Has the leader do operations that take a file, where this server is a follower. */
export function restoreAtLeader(
  { candidate, peers, self }: ClusterServer,
  defaultToken: () => string,
): AnswerElsewhere {
  const forwardTo = async (leader: ServerRecord, call: Call): Promise<Reply> => {
    const forward = makeForward({
      link: { call: (method, request, options = {}) => peers.call(leader, method, request, options) },
      nodeName: self.name,
      newId: () => systemRandom.uuid(),
      defaultToken,
    });
    try {
      return await forward(call);
    } finally {
      await call.upload?.close();
    }
  };
  return ({ body }, call) => {
    const { standing } = candidate;
    return body === 'file' && standing.kind === 'follower' ? forwardTo(standing.leader, call) : undefined;
  };
}
