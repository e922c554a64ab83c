/**
 * Methods that servers call of each other: refused to agents whose certificate is not that of a server, where the names in
 * certificates are asked for (`verify_server_hostname`). Without it a certificate of a client would be worth as much as
 * a server's: a command sent to the leader asks for no token.
 */
import { AppError } from '../model/errors.ts';
import type { RpcMethod } from './rpc-server.ts';

/** `methods`, for servers of this datacenter alone. */
export function serversOnly(
  methods: Readonly<Record<string, RpcMethod>>,
): Readonly<Record<string, RpcMethod>> {
  const guard =
    (run: RpcMethod): RpcMethod =>
    async (request, call) => {
      if (!call.peer.isServer())
        throw new AppError(
          'forbidden',
          'Permission denied: this is for servers, and your certificate is not one of a server',
        );
      return run(request, call);
    };
  return Object.fromEntries(Object.entries(methods).map(([name, run]) => [name, guard(run)]));
}
