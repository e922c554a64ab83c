/**
 * The role of the only server of a datacenter, which client agents call: as that of an agent alone, with the port of
 * `ports.server` and everything behind it.
 */
import type { OpenedStore } from '../catalog/opened-store.ts';
import { RpcPeers } from '../cluster/peers.ts';
import { systemClock } from '../lib/clock.ts';
import { systemRandom } from '../lib/random.ts';
import { invariant } from '../model/errors.ts';
import type { FarAddress } from '../rpc/rpc-connection.ts';
import { agentsPart } from './agents-part.ts';
import { isLoopback } from './cluster/cluster-settings.ts';
import type { Ground } from './ground.ts';
import { peerIdentities } from './peer-identity.ts';
import type { AloneRole, Role, RoleTools } from './role.ts';
import { rpcPart } from './rpc-part.ts';
import { Term } from './term.ts';

/** Said where agents know each other by nothing, and others than this machine can reach the port. */
const STRANGERS =
  'agents do not know each other by anything: whoever reaches ports.server can read and change everything; give all of them the same encrypt (rollcall keygen makes one)';

export function calledRole(ground: Ground, { works, ...alone }: AloneRole, catalog: OpenedStore): Role {
  const { config, identity, core, agentLog } = ground;
  const self = { name: identity.nodeName, host: identity.advertiseAddress, port: config['ports.server'] };
  let tools: RoleTools | undefined;
  let peers: RpcPeers<FarAddress> | undefined;
  const agents = agentsPart({
    acl: ground.acl.settings,
    config,
    identity,
    catalog,
    clock: systemClock,
    random: systemRandom,
    metrics: ground.metrics,
    log: agentLog.log.child({ part: 'members' }),
    submit: (command) => core.writer.submit(command),
    peers: {
      call: async (...call) => {
        const { rpc: own } = await peerIdentities(ground, identity);
        peers ??= new RpcPeers<FarAddress>(systemClock, own, ({ datacenter }) => datacenter);
        return peers.call(...call);
      },
      takeRoundTripMs: (to) => peers?.takeRoundTripMs(to),
      close: () => peers?.close(),
    },
    servers: () => [self],
    tools: () => {
      invariant(tools !== undefined, 'an agent is built before others call it');
      return tools;
    },
  });
  const log = agentLog.log.child({ part: 'rpc' });
  const rpc = rpcPart({
    config,
    identity: async () => {
      const own = (await peerIdentities(ground, identity)).rpc;
      if (own === undefined && !isLoopback(config.bind_addr)) log.warn({}, STRANGERS);
      return own;
    },
    methods: agents.methods,
    clock: systemClock,
    log,
  });
  const term = new Term([...works, agents.judge]);
  return {
    ...alone,
    membership: agents.membership,
    datacenters: () => agents.wan.datacenters.names(),
    network: agents.places.network(agents.wan.datacenters),
    elsewhere: agents.wan.http,
    otherDatacenters: agents.wan.others,
    dns: { elsewhere: agents.wan.dns },
    attach: (given) => {
      tools = given;
    },
    events: { spread: (event) => agents.desk.tellEvent(event), onEvent: () => {} },
    part: {
      name: 'term',
      start: async () => {
        term.begin();
        await rpc.start();
        agents.wan.datacenters.start();
        agents.places.start();
      },
      stop: async () => {
        agents.places.stop();
        agents.wan.datacenters.stop();
        await rpc.stop();
        term.end();
      },
    },
  };
}
