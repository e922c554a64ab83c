/**
 * What makes a server one of several, put together: who leads, where commands go, whom it has met, what others ask of it.
 *
 * Made at once, started in order by cluster-start.ts.
 */
import type { SettingCommand } from '../../catalog/command.ts';
import type { ServerRecord } from '../../catalog/leader-lock.ts';
import type { OpenedStore } from '../../catalog/opened-store.ts';
import { SessionTimers } from '../../catalog/session-timers.ts';
import { Candidate } from '../../cluster/candidate.ts';
import { EventSpread } from '../../cluster/event-spread.ts';
import { LeaderDesk } from '../../cluster/leader-desk.ts';
import { LeaderPulse } from '../../cluster/leader-pulse.ts';
import { type Introduction, Meeting } from '../../cluster/meeting.ts';
import { RpcPeers } from '../../cluster/peers.ts';
import { ReplicaProgress } from '../../cluster/replica-progress.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import type { TlsIdentity } from '../../rpc/tls-identity.ts';
import type { CoreParts } from '../core.ts';
import { firstAutopilot } from '../first-autopilot.ts';
import type { Identity } from '../identity.ts';
import { Term } from '../term.ts';
import { type AdmissionParts, admissionMethods, promoter } from './admission.ts';
import type { ServerSettings } from './cluster-settings.ts';
import { Founding } from './founding.ts';
import { FoundingKeeper } from './founding-record.ts';
import { leaderNote } from './leader-note.ts';
import { renewMethods } from './session-renewal.ts';
import type { SharedStore } from './shared-store.ts';

export interface ClusterServerParts extends CoreParts {
  readonly settings: ServerSettings;
  readonly identity: Identity;
  /** What other agents know this one by, and its etcd. */
  readonly tls: TlsIdentity | undefined;
  readonly etcdTls: TlsIdentity | undefined;
  readonly shared: SharedStore;
  readonly catalog: OpenedStore;
}

export interface ClusterServer {
  readonly self: ServerRecord;
  readonly peers: RpcPeers;
  readonly candidate: Candidate;
  readonly desk: LeaderDesk;
  readonly pulse: LeaderPulse;
  readonly founding: Founding;
  readonly record: FoundingKeeper;
  readonly sessionTimers: SessionTimers;
  readonly events: EventSpread;
  /** What other agents ask of this server. */
  readonly methods: Readonly<Record<string, RpcMethod>>;
}

function recordOf({ config, identity }: ClusterServerParts): ServerRecord {
  const { nodeId: id, nodeName: name, advertiseAddress: host } = identity;
  return { id, name, host, port: config['ports.server'] };
}

/** Who leads and what goes to the leader. */
function leadership(parts: ClusterServerParts, self: ServerRecord, peers: RpcPeers) {
  const { shared, catalog, clock } = parts;
  const { state, writer, installer } = catalog;
  const log = parts.log.child({ part: 'cluster' });
  const progress = new ReplicaProgress(clock, () => state.index);
  installer.onInstalled(() => progress.moved());
  const sessionTimers = new SessionTimers({ state, writer, clock, log });
  installer.onInstalled((applied) => sessionTimers.onInstalled(applied));
  const { lock, directory, client } = shared;
  const record = new FoundingKeeper(parts.settings.member?.settings.dataDir);
  const admission: AdmissionParts = {
    selfId: self.id,
    client,
    directory,
    peers,
    first: () => record.cluster,
    clock,
    log,
  };
  const submit = (command: SettingCommand): Promise<unknown> => writer.submit(command);
  const term = new Term([
    sessionTimers,
    leaderNote({ name: self.name, submit, log }),
    firstAutopilot({ config: parts.config, submit, log }),
    ...(parts.settings.member ? [promoter(admission)] : []),
  ]);
  const candidate = new Candidate({ self, lock, progress, term, clock, log });
  const desk = new LeaderDesk({
    candidate,
    peers,
    progress,
    clock,
    submit: (command) => writer.submit(command),
    indexNow: () => state.index,
  });
  const pulse = new LeaderPulse({ self, candidate, directory, lock, peers, clock, log });
  return { candidate, desk, pulse, sessionTimers, record, admission, log };
}

/** Put it together; nothing is started and nobody is asked. */
export function clusterServer(parts: ClusterServerParts): ClusterServer {
  const { settings, clock, tls, shared, catalog } = parts;
  const self = recordOf(parts);
  const peers = new RpcPeers(clock, tls);
  shared.directory.onChanged(() => peers.keepOnly(shared.directory.servers.values()));
  const led = leadership(parts, self, peers);
  const { candidate, desk, pulse, sessionTimers, record, admission, log } = led;
  const introduce = (): Introduction => ({
    ...self,
    datacenter: settings.datacenter,
    expect: settings.expect,
    prefix: settings.prefix,
    peerUrl: settings.member?.settings.peerUrl ?? '',
    cluster: record.cluster ?? null,
  });
  const meeting = new Meeting({ introduce, call: (...call) => peers.call(...call) }, []);
  const founding = new Founding({
    meeting,
    introduce,
    join: settings.join,
    call: (...call) => peers.call(...call),
    record,
    clock,
    log,
  });
  const events = new EventSpread({ selfId: self.id, directory: shared.directory, peers, clock });
  return {
    self,
    peers,
    candidate,
    desk,
    pulse,
    founding,
    record,
    sessionTimers,
    events,
    methods: {
      ...events.methods(),
      ...desk.methods(),
      ...pulse.methods(),
      ...meeting.methods(),
      ...founding.methods(),
      ...(settings.member ? admissionMethods(admission) : {}),
      ...renewMethods(desk, sessionTimers, catalog.state),
    },
  };
}
