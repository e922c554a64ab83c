/**
 * Templates: prepared queries that answer for every name that begins with theirs.
 *
 * Texts of the service part may hold `${name.full}`, `${name.prefix}`, `${name.suffix}`, `${agent.segment}` and
 * `${match(N)}` (group N of Template.Regexp on the name); `$${` is a plain `${`. What a template cannot evaluate is found
 * when it is written, by rendering it once; afterwards rendering never throws. Each document is compiled once: DNS renders
 * templates for every question.
 */
import { compilePattern, type Pattern } from '../lib/pattern.ts';
import { AppError } from '../model/errors.ts';
import type { QueryDocument, QueryRow, QueryService } from '../model/types.ts';

const PREFIX_MATCH = 'name_prefix_match';

function refuse(text: string): never {
  throw new AppError('invalid_command', `failed compiling template: ${text}`);
}

const VARIABLES = ['name.full', 'name.prefix', 'name.suffix', 'agent.segment'] as const;
type Variable = (typeof VARIABLES)[number];

/** A piece of a text: as it is, a variable, or a group of the pattern. */
type Piece = string | { readonly variable: Variable } | { readonly group: number };

interface Compiled {
  readonly pattern: Pattern | undefined;
  /** Texts with something in them to put in; the others are what they are. */
  readonly texts: Map<string, readonly Piece[]>;
}

interface Scope {
  readonly compiled: Compiled;
  readonly variables: Readonly<Record<Variable, string>>;
  readonly groups: readonly string[];
}

/** `name(argument)`, `name.part`, a number or a quoted text. */
const EXPRESSION =
  /^\s*(?:(?<fn>[A-Za-z_][\w.]*)\s*\(\s*(?<argument>-?\d+)\s*\)|(?<variable>[A-Za-z_][\w.]*)(?<call>\s*\()?|(?<number>-?\d+)|"(?<quoted>[^"$\\]*)")/;

function isVariable(name: string): name is Variable {
  return (VARIABLES as readonly string[]).includes(name);
}

/** The expression that starts at `at` and the position behind its closing brace; a text is what is wrong. */
function parseExpression(text: string, at: number): { piece: Piece; end: number } | string {
  const found = EXPRESSION.exec(text.slice(at));
  const { fn, argument, variable, call, number, quoted } = found?.groups ?? {};
  const column = `1:${at + 1}`;
  if (fn !== undefined && fn !== 'match') return `${column}: unknown function called: ${fn}`;
  if (call !== undefined && variable !== 'match') return `${column}: unknown function called: ${variable}`;
  const close = /^\s*\}/.exec(text.slice(at + (found?.[0].length ?? 0)));
  if (!found || call !== undefined || !close) return 'parse error: syntax error';
  const end = at + found[0].length + close[0].length;
  if (fn !== undefined) return { piece: { group: Number(argument) }, end };
  if (variable === undefined) return { piece: number ?? quoted ?? '', end };
  return isVariable(variable)
    ? { piece: { variable }, end }
    : `${column}: unknown variable accessed: ${variable}`;
}

/** `place` names the field for error texts. Throws invalid_command. */
function piecesOf(text: string, place: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', at)) {
    if (text[open - 1] === '$' && open - 1 >= at) {
      pieces.push(`${text.slice(at, open - 1)}\${`);
      at = open + 2;
      continue;
    }
    const result = parseExpression(text, open + 2);
    if (typeof result === 'string') {
      const verb = result.startsWith('parse error') ? 'format' : 'evaluation for';
      return refuse(`Bad ${verb} '${text}' in Service${place}: ${result}`);
    }
    pieces.push(text.slice(at, open), result.piece);
    at = result.end;
  }
  return [...pieces, text.slice(at)];
}

/** `place` names the field for error texts. Throws invalid_command the first time. */
function renderText(text: string, place: string, { compiled, variables, groups }: Scope): string {
  if (!text.includes('${')) return text;
  let pieces = compiled.texts.get(text);
  if (pieces === undefined) {
    pieces = piecesOf(text, place);
    compiled.texts.set(text, pieces);
  }
  let rendered = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') rendered += piece;
    else rendered += 'variable' in piece ? variables[piece.variable] : (groups[piece.group] ?? '');
  }
  return rendered;
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

/** By document, which is never changed. */
const COMPILED = new WeakMap<QueryDocument, Compiled>();

function patternOf({ Template: { Regexp } }: QueryDocument): Pattern | undefined {
  if (Regexp === '') return undefined;
  const pattern = compilePattern(Regexp);
  return typeof pattern === 'string' ? refuse(`Bad Regexp: ${pattern}`) : pattern;
}

function compiledOf(document: QueryDocument): Compiled {
  const known = COMPILED.get(document);
  if (known !== undefined) return known;
  const compiled: Compiled = { pattern: patternOf(document), texts: new Map() };
  COMPILED.set(document, compiled);
  return compiled;
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
  const compiled = compiledOf(document);
  const scope = { compiled, variables, groups: compiled.pattern?.match(name) ?? [] };
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
