/**
 * Templates: prepared queries that answer for every name that begins with theirs.
 *
 * Texts of the service part may hold `${name.full}`, `${name.prefix}`, `${name.suffix}`, `${agent.segment}` and
 * `${match(N)}` (group N of Template.Regexp on the name); `$${` is a plain `${`. What a template cannot evaluate is found
 * when it is written, by rendering it once; afterwards rendering never throws.
 */
import { compilePattern, type Pattern } from '../lib/pattern.ts';
import { AppError } from '../model/errors.ts';
import type { QueryDocument, QueryRow, QueryService } from '../model/types.ts';

const PREFIX_MATCH = 'name_prefix_match';

function refuse(text: string): never {
  throw new AppError('invalid_command', `failed compiling template: ${text}`);
}

interface Scope {
  readonly variables: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
}

/** `name(argument)`, `name.part`, a number or a quoted text. */
const EXPRESSION =
  /^\s*(?:(?<fn>[A-Za-z_][\w.]*)\s*\(\s*(?<argument>-?\d+)\s*\)|(?<variable>[A-Za-z_][\w.]*)(?<call>\s*\()?|(?<number>-?\d+)|"(?<quoted>[^"$\\]*)")/;

/** Value of the expression that starts at `at` and the position behind its closing brace; a text is what is wrong. */
function evaluate(text: string, at: number, scope: Scope): { value: string; end: number } | string {
  const found = EXPRESSION.exec(text.slice(at));
  const { fn, argument, variable, call, number, quoted } = found?.groups ?? {};
  const column = `1:${at + 1}`;
  if (fn !== undefined && fn !== 'match') return `${column}: unknown function called: ${fn}`;
  if (call !== undefined && variable !== 'match') return `${column}: unknown function called: ${variable}`;
  const close = /^\s*\}/.exec(text.slice(at + (found?.[0].length ?? 0)));
  if (!found || call !== undefined || !close) return 'parse error: syntax error';
  const end = at + found[0].length + close[0].length;
  if (fn !== undefined) return { value: scope.groups[Number(argument)] ?? '', end };
  if (variable === undefined) return { value: number ?? quoted ?? '', end };
  const value = Object.hasOwn(scope.variables, variable) ? scope.variables[variable] : undefined;
  return value === undefined ? `${column}: unknown variable accessed: ${variable}` : { value, end };
}

/** `place` names the field for error texts. Throws invalid_command. */
function renderText(text: string, place: string, scope: Scope): string {
  let rendered = '';
  let at = 0;
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', at)) {
    if (text[open - 1] === '$' && open - 1 >= at) {
      rendered += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const result = evaluate(text, open + 2, scope);
    if (typeof result === 'string') {
      const verb = result.startsWith('parse error') ? 'format' : 'evaluation for';
      return refuse(`Bad ${verb} '${text}' in Service${place}: ${result}`);
    }
    rendered += text.slice(at, open) + result.value;
    at = result.end;
  }
  return rendered + text.slice(at);
}

const MAPS: readonly string[] = ['.NodeMeta', '.ServiceMeta'];

/** A copy of `value` in which every text is rendered. */
function renderAll(value: unknown, place: string, scope: Scope): unknown {
  if (typeof value === 'string') return renderText(value, place, scope);
  if (Array.isArray(value)) return value.map((item, i) => renderAll(item, `${place}[${i}]`, scope));
  if (typeof value !== 'object' || value === null) return value;
  const placeOf = (key: string): string => (MAPS.includes(place) ? `${place}[${key}]` : `${place}.${key}`);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, renderAll(item, placeOf(key), scope)]),
  );
}

function withoutEmptyTags(service: QueryService): QueryService {
  return { ...service, Tags: service.Tags?.filter((tag) => tag !== '') ?? null };
}

/** Compiled once for each document: DNS renders templates for every question. */
const PATTERNS = new WeakMap<QueryDocument, Pattern>();

function patternOf(document: QueryDocument): Pattern | undefined {
  const { Regexp } = document.Template;
  if (Regexp === '') return undefined;
  const known = PATTERNS.get(document);
  if (known) return known;
  const pattern = compilePattern(Regexp);
  if (typeof pattern === 'string') return refuse(`Bad Regexp: ${pattern}`);
  PATTERNS.set(document, pattern);
  return pattern;
}

function render(query: Pick<QueryRow, 'name' | 'document'>, name: string): QueryDocument {
  const { document } = query;
  const suffix = name.startsWith(query.name) ? name.slice(query.name.length) : name;
  const variables = {
    'name.full': name,
    'name.prefix': query.name,
    'name.suffix': suffix,
    'agent.segment': '',
  };
  const scope = { variables, groups: patternOf(document)?.match(name) ?? [] };
  const service = renderAll(document.Service, '', scope) as QueryService;
  return { ...document, Service: document.Template.RemoveEmptyTags ? withoutEmptyTags(service) : service };
}

/** Whether a document is a template at all; its type may still be a wrong one. */
export const isTemplate = ({ Template }: QueryDocument): boolean => Template.Type !== '';

/** Refuse a template that cannot be rendered. Throws invalid_command. */
export function requireTemplate(query: Pick<QueryRow, 'name' | 'document'>): void {
  if (!isTemplate(query.document)) return;
  const { Type } = query.document.Template;
  if (Type !== PREFIX_MATCH) refuse(`Bad Template.Type '${Type}'`);
  render(query, query.name);
}

/** The query as it answers for `name`: rendered if it is a template. */
export function renderQuery(query: QueryRow, name: string): QueryRow {
  return query.isTemplate ? { ...query, document: render(query, name) } : query;
}
