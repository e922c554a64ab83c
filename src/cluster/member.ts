/**
 * A member of the datacenter: an agent that lives, or has lived lately. Rows of the catalog hold them (`settings`,
 * `member/NAME`), so that every server knows all of them and a new leader goes on where the old one was.
 */
import type { Command, RegisterCommand } from '../catalog/command.ts';
import { nodeKey } from '../catalog/tables.ts';
import { hasFields, isMapOf, isNumber, isOneOf, isText, orNull } from '../lib/shape.ts';
import { SERF_HEALTH, type ServiceId } from '../model/types.ts';
import type { AgentRecord } from './agent-messages.ts';

export const MEMBER_STATUSES = ['alive', 'leaving', 'left', 'failed'] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

export interface Member {
  readonly agent: AgentRecord;
  readonly status: MemberStatus;
  /** Wall time in ms since when it has this status. */
  readonly sinceMs: number;
}

export const MEMBER_PREFIX = 'member/';
/** The row that tells a catalog from any other: written once, when its first leader begins. */
export const CATALOG_ID = 'catalog-id';

const memberRowName = (node: string): string => MEMBER_PREFIX + nodeKey(node);

const texts = isMapOf(isText);

/** What an agent's record of itself must look like. */
export const isAgentRecord = hasFields<AgentRecord>({
  node: hasFields<AgentRecord['node']>({
    name: isText,
    id: isText,
    address: isText,
    taggedAddresses: orNull(texts),
    meta: orNull(texts),
  }),
  datacenter: isText,
  port: isNumber,
  tags: texts,
});

const isMember = hasFields<Member>({
  agent: isAgentRecord,
  status: isOneOf(...MEMBER_STATUSES),
  sinceMs: isNumber,
});

/** The member that a row holds; undefined for what is none. */
export function memberOfRow(value: string): Member | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    return isMember(parsed, '') === undefined ? (parsed as Member) : undefined;
  } catch {
    return undefined;
  }
}

/** Write a member's row. */
function putMember(member: Member): Command {
  return { kind: 'setting', name: memberRowName(member.agent.node.name), value: JSON.stringify(member) };
}

const OUTPUTS = {
  passing: 'Agent alive and reachable',
  critical: 'Agent not live or unreachable',
} as const;

/** The check that says whether an agent lives; its node is only made when it is missing. */
export function tellHealth({ node }: AgentRecord, status: keyof typeof OUTPUTS): RegisterCommand {
  return {
    kind: 'register',
    node,
    skipNodeUpdate: true,
    checks: [
      {
        node: node.name,
        id: SERF_HEALTH,
        name: 'Serf Health Status',
        status,
        notes: '',
        output: OUTPUTS[status],
        serviceId: '' as ServiceId,
        type: '',
        interval: '',
        timeout: '',
        exposedPort: 0,
        definition: {},
      },
    ],
  };
}

/** An agent lives: it is a member, and its node passes. */
export function memberLives(agent: AgentRecord, nowMs: number): Command {
  return {
    kind: 'all',
    commands: [
      { ...tellHealth(agent, 'passing'), skipNodeUpdate: false },
      putMember({ agent, status: 'alive', sinceMs: nowMs }),
    ],
  };
}

/** Nobody hears an agent any more: its node is critical, and so are its services. */
export function memberFails({ agent }: Member, nowMs: number): Command {
  return {
    kind: 'all',
    commands: [tellHealth(agent, 'critical'), putMember({ agent, status: 'failed', sinceMs: nowMs })],
  };
}

/** An agent has left: its node is gone with all it has; the member is remembered for a while. */
export function memberLeaves({ agent }: Member, nowMs: number): Command {
  return {
    kind: 'all',
    commands: [
      { kind: 'deregister', node: agent.node.name },
      putMember({ agent, status: 'left', sinceMs: nowMs }),
    ],
  };
}

/** A member is forgotten; its node goes with it, unless it has left before. */
export function memberIsForgotten({ agent, status }: Member): Command {
  const { name } = agent.node;
  const row: Command = { kind: 'setting', name: memberRowName(name), value: null };
  return { kind: 'all', commands: status === 'left' ? [row] : [{ kind: 'deregister', node: name }, row] };
}

/** An agent goes on under another node name: what is left of the old one is not alive, so that the id is free. */
export function memberIsRenamed(old: Member): Command {
  return { kind: 'all', commands: [tellHealth(old.agent, 'critical'), memberIsForgotten(old)] };
}
