/**
 * Rules and questions of access control in plain words. Pure.
 */
import type { AclQuestion, RuleShape } from '../api/acl-shapes.ts';

/** Kinds of things that rights are about, and whether each has a name. */
export const RESOURCES: readonly (readonly [resource: string, things: string, isNamed: boolean])[] = [
  ['service', 'services', true],
  ['node', 'nodes', true],
  ['key', 'keys', true],
  ['session', 'sessions of nodes', true],
  ['query', 'prepared queries', true],
  ['event', 'events', true],
  ['agent', 'agents', true],
  ['intention', 'intentions', true],
  ['operator', 'the operation of the cluster', false],
  ['acl', 'access control', false],
  ['keyring', 'the keyring', false],
  ['mesh', 'the mesh', false],
  ['peering', 'peerings', false],
];

const THINGS = new Map(RESOURCES.map(([resource, things]) => [resource, things]));

export const isNamed = (resource: string): boolean =>
  RESOURCES.some(([known, , named]) => known === resource && named);

const MAY: Readonly<Record<string, string>> = {
  write: 'May read and change',
  list: 'May read and list',
  read: 'May read',
  deny: 'May neither see nor change',
};

const nameText = (name: string): string => `“${name}”`;

function objectOf({ Resource, Match, Name }: RuleShape): string {
  const things = THINGS.get(Resource) ?? Resource;
  if (Match === 'all') return things;
  const kind = Resource === 'session' ? 'sessions of the node' : `the ${Resource}`;
  if (Match === 'exact') return `${kind} ${nameText(Name)}`;
  if (Name === '') return `all ${things}`;
  return `${things} whose name begins with ${nameText(Name)}`;
}

/** A rule as a sentence without its full stop. */
export function sayRule(rule: RuleShape): string {
  const said = `${MAY[rule.Access] ?? rule.Access} ${objectOf(rule)}`;
  return rule.Intentions === undefined ? said : `${said}; intentions with it: ${rule.Intentions}`;
}

/** Levels that somebody may ask about for a resource, weakest first. */
export function levelsOf(resource: string): readonly string[] {
  return resource === 'key' ? ['read', 'list', 'write', 'write-prefix'] : ['read', 'write'];
}

/** Everything that can be asked about one name: each resource at each of its levels. */
export function questionsAbout(name: string): readonly AclQuestion[] {
  return RESOURCES.flatMap(([resource, , named]) =>
    levelsOf(resource).map((access) => ({
      Resource: resource,
      Segment: named ? name : '',
      Access: access,
    })),
  );
}

export interface MissingRight {
  /** As rules say it: `key:write`. */
  readonly right: string;
  /** '' where the resource has no names. */
  readonly name: string;
}

const LACKS = /lacks permission '([\w-]+:[\w-]+)'(?: on ("(?:[^"\\]|\\.)*"))?/;

/** Which right a refusal of the agent says to be missing; undefined where it names none. */
export function missingRight(refusal: string): MissingRight | undefined {
  const [, right, name = '""'] = LACKS.exec(refusal) ?? [];
  return right === undefined ? undefined : { right, name: JSON.parse(name) as string };
}

/** The line that a refusal of rules is about; undefined where it names none. */
export function lineOfProblem(problem: string): number | undefined {
  const [, at, line] = /\bAt (\d+):\d+|\bline (\d+)/.exec(problem) ?? [];
  const number = Number(at ?? line);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
