/**
 * The port at which other agents call this one: `ports.server` of the bind address.
 *
 * Without a secret or certificates whoever reaches it is believed; whoever builds the part says so in the log.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { RpcMethod, RpcServer } from '../rpc/rpc-server.ts';
import type { TlsIdentity } from '../rpc/tls-identity.ts';
import type { Config } from './config/options.ts';
import type { Part } from './lifecycle.ts';
import { listenError } from './listen-error.ts';

export interface RpcPartParts {
  readonly config: Config;
  readonly identity: () => Promise<TlsIdentity | undefined>;
  readonly methods: Readonly<Record<string, RpcMethod>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The port as a part. Its start rejects with config_invalid when the port cannot be had. */
export function rpcPart({ config, identity, methods, clock, log }: RpcPartParts): Part {
  const { bind_addr: host, 'ports.server': port } = config;
  const limits = {
    maxConnectionsPerClient: config['limits.rpc_max_conns_per_client'],
    handshakeMs: config['limits.rpc_handshake_timeout'],
  };
  let server: RpcServer | undefined;
  return {
    name: 'rpc',
    start: async () => {
      const [{ startRpcServer }, own] = await Promise.all([import('../rpc/rpc-server.ts'), identity()]);
      try {
        server = await startRpcServer({ host, port, identity: own, methods, limits, clock, log });
      } catch (cause) {
        throw listenError({ portKey: 'ports.server', flag: 'server-port', address: host, port }, cause);
      }
    },
    stop: async () => server?.close(),
  };
}
