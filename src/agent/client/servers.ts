/**
 * A client agent's side of its connection to the servers: the connection, what is followed over it, and the list of
 * servers that is remembered for the next start.
 */

import type { UserEvent } from '../../catalog/event.ts';
import { nodeTopic } from '../../catalog/topics.ts';
import type { Watch } from '../../catalog/watch.ts';
import type { AgentRecord, AttendMessage, ServerPlace } from '../../cluster/agent-messages.ts';
import { resolveJoinAddress } from '../../cluster/join-address.ts';
import type { Mirror } from '../../cluster/mirror.ts';
import { ReplicaProgress } from '../../cluster/replica-progress.ts';
import { type ServerConnection, ServerLink } from '../../cluster/server-link.ts';
import { Subscriptions } from '../../cluster/subscriptions.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Random } from '../../lib/random.ts';
import { hasFields, isListOf, isNumber, isText } from '../../lib/shape.ts';
import type { AgentState } from '../../local/agent-rules.ts';
import { AppError } from '../../model/errors.ts';
import type { RpcAddress } from '../../rpc/rpc-connection.ts';
import type { AgentTokens } from '../acl/agent-tokens.ts';
import { joinSettings } from '../cluster/cluster-settings.ts';
import type { Config } from '../config/options.ts';
import type { Identity } from '../identity.ts';

/** Name under which the newest list of servers is remembered. */
const SERVERS_FACT = 'known_servers';
const isServerList = isListOf(hasFields<ServerPlace>({ name: isText, host: isText, port: isNumber }));

export interface ServersParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly config: Config;
  /** This agent, as the configuration of the moment has it. */
  readonly record: () => AgentRecord;
  readonly connect: (address: RpcAddress) => ServerConnection;
  readonly identity: Identity;
  readonly agentState: AgentState;
  readonly tokens: AgentTokens;
  readonly mirror: Mirror;
  readonly watch: Watch;
}

/** What happens on the connection. */
export interface ServersListener {
  onReached?(): void;
  onEvent?(event: UserEvent): void;
  onGivenUp?(why: AppError): void;
}

export interface Servers {
  readonly link: ServerLink;
  readonly mirror: Mirror;
  readonly subscriptions: Subscriptions;
  /** How far what is followed has come. */
  readonly marks: ReplicaProgress;
  listen(listener: ServersListener): void;
}

function rememberedServers({ state }: AgentState): readonly ServerPlace[] {
  try {
    const value: unknown = JSON.parse(state.view.facts.get(SERVERS_FACT)?.value ?? '[]');
    return isServerList(value, '') === undefined ? (value as readonly ServerPlace[]) : [];
  } catch {
    return []; // of another version: the addresses to join are there as well
  }
}

function rememberServers(
  { state, writer }: AgentState,
  servers: readonly ServerPlace[],
  log: Pick<Logger, 'warn'>,
): void {
  const value = JSON.stringify(servers);
  if (state.view.facts.get(SERVERS_FACT)?.value === value) return;
  writer.submit({ kind: 'fact', name: SERVERS_FACT, value }).catch((error: unknown) => {
    log.warn({ err: error }, 'the list of servers could not be kept');
  });
}

const nobodyJoined = (): AppError =>
  new AppError('config_invalid', 'no server could be joined: max join retry exhausted, exiting');

/** A server that has this agent already hears of its token when that is another. */
function introduceAnew(link: ServerLink, tokens: AgentTokens): void {
  let shown = tokens.orDefault('agent');
  tokens.onChanged(() => {
    if (tokens.orDefault('agent') === shown) return;
    shown = tokens.orDefault('agent');
    void link.call('introduce', { token: shown });
  });
}

async function resolveAll(addresses: readonly RpcAddress[]): Promise<readonly RpcAddress[]> {
  return (await Promise.all(addresses.map(resolveJoinAddress))).flat();
}

/** Builds the connection and what goes over it, and starts nothing. */
export function openServers(parts: ServersParts): Servers {
  const { connect, clock, random, log, config, identity, agentState, tokens, mirror, watch } = parts;
  const { atStart, again, intervalMs, maxTries } = joinSettings(config);
  const listeners: ServersListener[] = [];
  let mark = 0;
  let catalogId = '';
  const marks = new ReplicaProgress(clock, () => mark);
  const onReached = (): void => {
    void subscriptions.resume();
    for (const listener of listeners) listener.onReached?.();
  };
  const onMessage = (message: AttendMessage): void => {
    switch (message.kind) {
      case 'rows':
        subscriptions.take(message);
        break;
      case 'closed':
        subscriptions.close(message.topics);
        break;
      case 'mark':
        mark = message.index;
        marks.moved();
        break;
      case 'member':
        log.info({}, 'this agent is a member now');
        onReached();
        break;
      case 'event':
        for (const listener of listeners) listener.onEvent?.(message.event);
    }
  };
  const link = new ServerLink({
    agent: parts.record,
    token: () => tokens.orDefault('agent'),
    joinAddresses: () => resolveAll([...atStart, ...again]),
    remembered: rememberedServers(agentState),
    onServers: (known) => rememberServers(agentState, known, log),
    retryMs: intervalMs,
    // Addresses that are joined at the start only are tried once.
    maxRounds: again.length === 0 ? 1 : maxTries,
    onGivenUp: () => {
      for (const listener of listeners) listener.onGivenUp?.(nobodyJoined());
    },
    connect,
    clock,
    random,
    log,
    onWelcome: ({ index, catalog }) => {
      if (catalogId !== '' && catalog !== '' && catalog !== catalogId) mirror.restart();
      catalogId = catalog || catalogId;
      mark = index;
      marks.moved();
      onReached();
    },
    onLost: () => {},
    onMessage,
  });
  const subscriptions = new Subscriptions({
    mirror,
    clock,
    isUp: () => link.isUp,
    follow: async (topics, token) => (await link.call('subscribe', { topics, token })).kind === 'answered',
    unfollow: (topics) => void link.call('unsubscribe', { topics }),
    isAwaited: (topic) => watch.isAwaited(topic),
    always: [nodeTopic(identity.nodeName)],
  });
  introduceAnew(link, tokens);
  return { link, mirror, subscriptions, marks, listen: (listener) => void listeners.push(listener) };
}
