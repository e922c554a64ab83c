/**
 * Rules of before Consul 1.4, where every name was the beginning of names, in today's words: `key "a"` becomes
 * `key_prefix "a"`. What is written in today's words already stays as it is, comments stay where they are.
 */

import { type HclItem, type HclNode, isHclFault, parseHclItems, scalarOf } from '../lib/hcl-tree.ts';
import { refuse } from '../model/errors.ts';
import { MAX_RULES_LENGTH } from './parse-rules.ts';
import { RESOURCES } from './resources.ts';
import { printItems, readItems, type TextItem } from './rules-text.ts';

function translatedWord(written: string): string {
  const word = written.replaceAll('"', '');
  const isNamed =
    Object.hasOwn(RESOURCES, word) && RESOURCES[word as keyof typeof RESOURCES].shape === 'named';
  return isNamed ? `${word}_prefix` : written;
}

function translated(item: TextItem): TextItem {
  const [word = '', ...names] = item.keys;
  return { ...item, keys: [translatedWord(word), ...names] };
}

/** What JSON says, as items of HCL: names of blocks behind their resource, each rule a block of its own. */
function itemsOfJson({ keys, value, line }: HclItem): readonly TextItem[] {
  const [word = ''] = keys;
  const item = { above: [], keys: [word], behind: '', line };
  if (value.kind !== 'object') return [{ ...item, value: valueText(value) }];
  return value.items.map((inner) => ({
    ...item,
    keys: [word, JSON.stringify(inner.keys[0] ?? '')],
    value: { items: fieldsOf(inner.value), rest: [] },
  }));
}

function fieldsOf(node: HclNode): readonly TextItem[] {
  if (node.kind !== 'object') return [];
  return node.items.map(({ keys, value }, at) => ({
    above: [],
    keys,
    value: valueText(value),
    behind: '',
    line: at,
  }));
}

function valueText(node: HclNode): string {
  return node.kind === 'object' || node.kind === 'list' ? '{}' : JSON.stringify(scalarOf(node));
}

/** The text in today's words, as HCL. Throws bad_request for what is no text of rules. */
export function translateRules(text: string): string {
  if (text.length > MAX_RULES_LENGTH)
    refuse('bad_request', `Bad request: Failed to parse rules: longer than ${MAX_RULES_LENGTH} characters`);
  const parsed = parseHclItems(text);
  if (isHclFault(parsed)) {
    const { line, column, message } = parsed;
    refuse('bad_request', `Bad request: Failed to parse rules: At ${line}:${column}: ${message}`);
  }
  const isJson = text.trimStart().startsWith('{');
  const block = isJson ? { items: parsed.flatMap(itemsOfJson), rest: [] } : readItems(text);
  return printItems({ ...block, items: block.items.map(translated) });
}
