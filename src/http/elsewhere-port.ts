/**
 * Whoever answers requests that are not answered from this agent's own rows: a client agent asks a server, a server one of
 * another datacenter.
 */
import type { Call, Reply } from './call-and-reply.ts';

/** What of an operation says where it is answered; see route.ts. */
interface Placed {
  readonly place:
    | { readonly at: 'agent' }
    | { readonly at: 'catalog'; readonly datacenter: 'query' | 'body' | 'own' };
  readonly body?: 'json' | 'bytes' | 'file';
  readonly followed?: (call: Call) => string | undefined;
}

/**
 * The answer to an operation that is answered elsewhere; `here` once its rows have been brought here. Undefined at once for
 * what is answered here anyway. Rejects with AppError.
 */
export type AnswerElsewhere = (
  operation: Placed,
  call: Call,
  /** The datacenter that the body names, where it has been read. */
  named?: string,
) => Promise<Reply | 'here'> | undefined;
