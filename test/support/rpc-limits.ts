import type { RpcLimits } from '../../src/rpc/rpc-server.ts';

/** Of an agent that is not told otherwise. */
export const RPC_LIMITS: RpcLimits = { maxConnectionsPerClient: 100, handshakeMs: 5_000 };
