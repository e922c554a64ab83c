/**
 * The rules of a policy: text in HCL or JSON → rules, or a refusal with the place in the text.
 *
 * `key_prefix "a/" { policy = "read" }`, `operator = "read"`, or the same as JSON. Values are read without regard to case.
 * Resources that are not known (those of other editions and later versions) and further fields of a rule are ignored, as
 * Consul does it; a wrong value of what is known is refused, because a rule that is not understood protects nobody.
 */

import { type HclItem, type HclNode, isHclFault, parseHclItems, scalarOf } from '../lib/hcl-tree.ts';
import { refuse } from '../model/errors.ts';
import {
  ACCESS,
  type Access,
  type AccessWord,
  RESOURCES,
  type Rule,
  type RuledResource,
  type Scope,
} from './resources.ts';

/** Characters of a policy. Parsing goes at some 10 MB a second, and everybody waits meanwhile. */
export const MAX_RULES_LENGTH = 128 * 1024;

const PREFIX = '_prefix';

function refuseRules(why: string): never {
  return refuse('invalid_command', `Failed to parse ACL rules: ${why}`);
}

/** The word of a rule's value with its resource: what a refusal begins with. */
interface Subject {
  readonly resource: RuledResource;
  readonly scope: Scope;
  /** As written: key, key_prefix, acl. */
  readonly word: string;
}

/** The resource that a word names; undefined for words of other editions. */
function subjectOf(word: string): Subject | undefined {
  const lower = word.toLowerCase();
  const isPrefix = lower.endsWith(PREFIX);
  const resource = isPrefix ? lower.slice(0, -PREFIX.length) : lower;
  if (!Object.hasOwn(RESOURCES, resource)) return undefined;
  const known = resource as RuledResource;
  const { shape } = RESOURCES[known];
  if (shape === 'valued') return isPrefix ? undefined : { resource: known, scope: 'all', word: lower };
  return { resource: known, scope: isPrefix ? 'prefix' : 'exact', word: lower };
}

function textOf(node: HclNode | undefined, where: string): string {
  if (node === undefined) return '';
  if (node.kind === 'object' || node.kind === 'list') return refuseRules(`${where}: a text is expected`);
  const value = scalarOf(node);
  return typeof value === 'string' ? value : refuseRules(`${where}: a text is expected`);
}

function accessOf(text: string, { resource, word }: Subject, where: string): Access {
  const allowed = RESOURCES[resource].hasList ? 'deny, read, list or write' : 'deny, read or write';
  const lower = text.toLowerCase();
  const isKnown = Object.hasOwn(ACCESS, lower) && (lower !== 'list' || RESOURCES[resource].hasList === true);
  if (isKnown) return ACCESS[lower as AccessWord];
  const fault = text === '' ? 'is missing' : `is ${JSON.stringify(text)}`;
  return refuse('invalid_command', `Invalid ${word} policy: ${where}: it ${fault}, not ${allowed}`);
}

/** The fields of a rule: a block, or a list of blocks that say more of the same. */
function fieldsOf(node: HclNode, where: string): readonly HclItem[] {
  if (node.kind === 'object') return node.items;
  if (node.kind === 'list') return node.values.flatMap((one) => fieldsOf(one, where));
  return refuseRules(`${where}: a block { policy = "…" } is expected`);
}

function fieldOf(items: readonly HclItem[], name: string): HclNode | undefined {
  return items.findLast(({ keys }) => keys.length === 1 && keys[0]?.toLowerCase() === name)?.value;
}

function namedRule(subject: Subject, name: string, { value, line }: HclItem): Rule {
  const { resource, scope, word } = subject;
  const where = `line ${line}, ${word} ${JSON.stringify(name)}`;
  const fields = fieldsOf(value, where);
  const access = accessOf(textOf(fieldOf(fields, 'policy'), where), subject, where);
  const rule: Rule = { resource, scope, name, access };
  if (resource !== 'service') return rule;
  const intentions = textOf(fieldOf(fields, 'intentions'), where);
  if (intentions === '') return rule;
  const plain: Subject = { ...subject, word: `${word} intentions` };
  return { ...rule, intentions: accessOf(intentions, plain, where) };
}

/** `key "a" {…}`, or `key { "a" {…} }` as JSON has it. */
function namedRules(subject: Subject, item: HclItem): readonly Rule[] {
  const [, name, ...further] = item.keys;
  const where = `line ${item.line}, ${subject.word}`;
  if (further.length > 0) return refuseRules(`${where}: one name is expected`);
  if (name !== undefined) return [namedRule(subject, name, item)];
  return fieldsOf(item.value, where).map((inner) => {
    const [innerName = '', ...rest] = inner.keys;
    return rest.length === 0
      ? namedRule(subject, innerName, inner)
      : refuseRules(`${where}: one name is expected`);
  });
}

function rulesOf(item: HclItem): readonly Rule[] {
  const [word = '', ...names] = item.keys;
  const subject = subjectOf(word);
  if (subject === undefined) return [];
  if (subject.scope !== 'all') return namedRules(subject, item);
  const where = `line ${item.line}, ${subject.word}`;
  if (names.length > 0) return refuseRules(`${where}: it has no names`);
  const access = accessOf(textOf(item.value, where), subject, where);
  return [{ resource: subject.resource, scope: 'all', name: '', access }];
}

/** The rules that a text says, in its order; [] for an empty one. Throws invalid_command with the line and the fault. */
export function parseRules(text: string): readonly Rule[] {
  if (text.length > MAX_RULES_LENGTH) refuseRules(`longer than ${MAX_RULES_LENGTH} characters`);
  const parsed = parseHclItems(text);
  if (!isHclFault(parsed)) return parsed.flatMap(rulesOf);
  const { line, column, message } = parsed;
  return refuseRules(line === 0 ? message : `At ${line}:${column}: ${message}`);
}
