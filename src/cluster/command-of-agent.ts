/**
 * Whether a client agent may have a command carried out: it has to be about its own node, and what it brings has to be
 * rows. A row that nobody can read would break the answers of every server, and its neighbours' with them.
 */
import type { CheckInput, Command, RegisterCommand } from '../catalog/command.ts';
import { isCheckStatus, isServiceDefinition, ROW_SHAPES } from '../catalog/row-shapes.ts';
import { nodeKey } from '../catalog/tables.ts';
import { hasFields, isBoolean, isListOf, isMapOf, isText, orNull, type Shape } from '../lib/shape.ts';
import { refuse } from '../model/errors.ts';
import type { Origin } from '../model/history-types.ts';
import type { CommandPart, RefusedPart } from './agent-messages.ts';
import type { AgentRights } from './agent-rights.ts';

/** The rest of the row comes from its service. */
const isCheckInput: Shape = (value, path) =>
  ROW_SHAPES.checks({ ...(value as CheckInput), serviceName: '', serviceTags: [] }, path);

/** As a command is after its way here: nothing of it is known yet. */
type Given = Partial<Command> & { readonly [field: string]: unknown };

const BY = { by: orNull(isMapOf(isText)) };

/** By the kinds that an agent sends for itself; `all` is looked into. */
const SHAPES: Readonly<Record<string, Shape>> = {
  register: hasFields<Omit<RegisterCommand, 'kind'> & { readonly by: unknown }>({
    ...BY,
    node: ROW_SHAPES.nodes,
    skipNodeUpdate: orNull(isBoolean),
    skipServiceUpdate: orNull(isBoolean),
    service: orNull(isServiceDefinition),
    checks: isListOf(isCheckInput),
  }),
  deregister: hasFields({ ...BY, node: isText, serviceId: orNull(isText), checkId: orNull(isText) }),
  'check-status': hasFields({ ...BY, node: isText, checkId: isText, status: isCheckStatus, output: isText }),
  all: hasFields({ ...BY, commands: isListOf(hasFields({ kind: isText })) }),
};

/** Commands in an `all`, which has no other in it. */
function partsOf(command: Command): readonly Command[] {
  return command.kind === 'all' ? command.commands : [command];
}

function faultOf(command: Given, path: string): string | undefined {
  const kind = String(command.kind);
  const shape = Object.hasOwn(SHAPES, kind) ? SHAPES[kind] : undefined;
  return shape?.(command, path);
}

/** Whether a command touches nothing but this node. */
function isAboutNode(command: Command, node: string): boolean {
  if (command.kind === 'register') return nodeKey(command.node.name) === node;
  return (command.kind === 'deregister' || command.kind === 'check-status') && nodeKey(command.node) === node;
}

/** The command of the agent on this node, in its name. Throws forbidden for one of others, bad_request for what is none. */
function commandOfAgent(given: unknown, node: string): Command {
  const fault =
    hasFields({ kind: isText })(given, 'command') ??
    faultOf(given as Given, 'command') ??
    partsOf(given as Command)
      .map((part, i) => faultOf(part as unknown as Given, `commands[${i}]`))
      .find((each) => each !== undefined);
  if (fault !== undefined) refuse('bad_request', fault);
  const command = given as Command;
  if (!partsOf(command).every((part) => isAboutNode(part, nodeKey(node))))
    refuse('forbidden', 'an agent writes its own node and nothing else');
  // Who of its clients has asked, only the agent knows; which agent it is, it does not get to say.
  return command.by === undefined ? command : { ...command, by: { ...command.by, agent: node } };
}

/** What an agent asks for in one request. */
interface AskedParts {
  readonly parts: readonly CommandPart[];
  /** Of all of it together. */
  readonly by: Origin | undefined;
}

const isParts = isListOf(hasFields<CommandPart>({ token: isText, command: hasFields({ kind: isText }) }));

/** The parts of a request; a command without parts counts for the anonymous token. Throws as commandOfAgent does. */
export function partsOfRequest(request: unknown, node: string): AskedParts {
  const { command, parts, by } = (request ?? {}) as { command?: unknown; parts?: unknown; by?: unknown };
  if (parts === undefined) {
    const given = commandOfAgent(command, node);
    return { parts: partsOf(given).map((part) => ({ token: '', command: part })), by: given.by };
  }
  const fault = isParts(parts, 'parts') ?? BY.by(by, 'by');
  if (fault !== undefined) refuse('bad_request', fault);
  const origin = by === undefined || by === null ? undefined : { ...(by as Origin), agent: node };
  const known = (parts as readonly CommandPart[]).map(({ token, command: part }) => {
    if (part.kind === 'all') refuse('bad_request', 'a part of a command is one command');
    return { token, command: commandOfAgent(part, node) };
  });
  return { parts: known, by: origin };
}

/** The command that is left of what was asked for; undefined when nothing is. */
export function allowedOf(
  { parts, by }: AskedParts,
  rights: AgentRights | undefined,
): { readonly command: Command | undefined; readonly refused: readonly RefusedPart[] } {
  const refused: RefusedPart[] = [];
  const allowed = parts.filter((part, place) => {
    const refusedBy = rights?.refusedAsker(part);
    if (refusedBy !== undefined) refused.push({ part: place, by: refusedBy });
    return refusedBy === undefined;
  });
  const [first] = allowed;
  if (first === undefined) return { command: undefined, refused };
  const asked = by !== undefined && { by };
  if (allowed.length === 1) return { command: { ...first.command, ...asked }, refused };
  return { command: { kind: 'all', commands: allowed.map(({ command }) => command), ...asked }, refused };
}
