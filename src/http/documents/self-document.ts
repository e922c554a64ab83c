/**
 * The documents about the agent itself and its machine: /v1/agent/self, /host and /version.
 */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { formatDuration } from '../../lib/duration.ts';
import type { HttpParts } from '../http-parts.ts';
import { coordinateDocument } from './coordinate-document.ts';
import { sorted } from './go-json.ts';
import { memberDocument } from './member-document.ts';
import type { Document } from './row-documents.ts';

function agentStats({ local }: HttpParts): Document {
  const checks = [...local.checks().values()];
  const ttls = checks.filter(({ definition }) => definition.probe.kind === 'ttl').length;
  return {
    check_monitors: String(checks.length - ttls),
    check_ttls: String(ttls),
    checks: String(checks.length),
    services: String(local.services().size),
  };
}

/** Raft's word for each part that a server can have. */
const RAFT_STATES = { leader: 'Leader', follower: 'Follower', leaderless: 'Candidate' } as const;

function raftStats({ cluster, state }: HttpParts): Document {
  const { kind, term, lastContactMs } = cluster.standing();
  const servers = cluster.servers();
  const index = String(state.index);
  const members = servers.map(({ id, address, isVoter }) => {
    return `{Suffrage:${isVoter ? 'Voter' : 'Nonvoter'} ID:${id} Address:${address}}`;
  });
  return {
    applied_index: index,
    commit_index: index,
    last_contact: kind === 'leader' ? '0' : formatDuration(lastContactMs),
    last_log_index: index,
    last_log_term: String(term),
    latest_configuration: `[${members.join(' ')}]`,
    latest_configuration_index: '0',
    num_peers: String(servers.filter(({ isVoter }) => isVoter).length - 1),
    protocol_version: '3',
    state: RAFT_STATES[kind],
    term: String(term),
  };
}

function clusterStats(parts: HttpParts): Document {
  const acl = parts.config.acl.isEnabled ? 'enabled' : 'disabled';
  if (!parts.config.isServer) {
    const knownServers = String(parts.cluster.servers().length);
    return { consul: { acl, known_servers: knownServers, server: 'false' } };
  }
  const { kind, leaderAddress, expect } = parts.cluster.standing();
  return {
    consul: {
      acl,
      bootstrap: String(expect <= 1),
      known_datacenters: String(parts.datacenters().length),
      leader: String(kind === 'leader'),
      leader_addr: leaderAddress,
      server: String(parts.config.isServer),
    },
    raft: raftStats(parts),
  };
}

/** When the certificates that this agent shows end, by interface; nothing where it shows none. */
function tlsStats({ certificateEnds }: HttpParts): Document {
  const ends = Object.entries(certificateEnds?.() ?? {});
  if (ends.length === 0) return {};
  return {
    tls: Object.fromEntries(
      ends.map(([name, endMs]) => [`${name}_certificate_ends`, new Date(endMs).toISOString()]),
    ),
  };
}

/** /v1/agent/self. */
export function selfDocument(parts: HttpParts): Document {
  const { config, datacenter, nodeName, nodeId, version } = parts;
  const { debugConfig, configSources, nodeMeta } = parts.live();
  return {
    Config: {
      Datacenter: datacenter,
      NodeName: nodeName,
      NodeID: nodeId,
      Revision: '',
      Server: config.isServer,
      Version: version,
    },
    DebugConfig: sorted(debugConfig),
    ConfigSources: sorted(configSources),
    Coord: coordinateDocument(parts.network.own()),
    Member: memberDocument(parts.membership.self()),
    Stats: {
      agent: agentStats(parts),
      build: { prerelease: '', revision: '', rollcall: parts.ownVersion, version },
      ...clusterStats(parts),
      runtime: {
        arch: process.arch,
        cpu_count: String(os.availableParallelism()),
        max_procs: String(os.availableParallelism()),
        os: process.platform,
        version: process.version,
      },
      ...tlsStats(parts),
    },
    Meta: sorted(nodeMeta),
  };
}

/** /v1/agent/version. */
export function versionDocument({ version }: HttpParts): Document {
  return { SHA: '', BuildDate: '1970-01-01T00:00:00Z', HumanVersion: version, FIPS: '' };
}

function cpuDocuments(): readonly Document[] {
  return os.cpus().map(({ model, speed }, cpu) => ({ cpu, modelName: model, mhz: speed }));
}

async function diskDocument(path: string): Promise<Document> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return {
    path,
    total: bsize * blocks,
    free: bsize * bavail,
    used: bsize * (blocks - bfree),
    inodesTotal: files,
    inodesFree: ffree,
  };
}

/** /v1/agent/host: what the operating system says about the machine. Rejects when it does not answer. */
export async function hostDocument({ clock }: HttpParts): Promise<Document> {
  const [total, free] = [os.totalmem(), os.freemem()];
  const nowMs = clock.now();
  return {
    Memory: { total, available: free, used: total - free, usedPercent: (100 * (total - free)) / total, free },
    CPU: cpuDocuments(),
    Host: {
      hostname: os.hostname(),
      uptime: Math.floor(os.uptime()),
      bootTime: Math.floor(nowMs / 1_000 - os.uptime()),
      os: process.platform,
      kernelVersion: os.release(),
      kernelArch: os.machine(),
    },
    Disk: await diskDocument('/'),
    CollectionTime: nowMs * 1_000_000,
    Errors: null,
  };
}
