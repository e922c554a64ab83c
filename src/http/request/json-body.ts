/**
 * Reads JSON bodies: bytes to a value. What the value must look like is told by tables of fields (decode/json-fields.ts).
 *
 * Bytes that are not UTF-8 become U+FFFD, as in Consul. Nesting is limited, because what comes after recurses, and so is
 * the number of values: a few octets each are enough to keep everybody waiting while they are made, checked and stored.
 */
import { AppError } from '../../model/errors.ts';

/** Deepest nesting of objects and lists in a body. Real ones stay below 10. */
const MAX_DEPTH = 200;
/** Values in a body. A service with 1,000 checks has some 10,000; turning it up lets one request take more than 50 ms. */
const MAX_VALUES = 20_000;

/** Refuse a body: 400 `Request decode failed: …`. */
function refuseBody(why: string): never {
  throw new AppError('bad_request', `Request decode failed: ${why}`);
}

/** What a JSON text is made of, counted before anything is made of it. */
interface Extent {
  readonly depth: number;
  /** Lists, objects and what is in them; an empty list and a list in a list count twice. */
  readonly values: number;
}

/** Position of the quote that ends the text which begins at `start`; the end of all where none does. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x5c) at += 1;
  }
  return text.length;
}

/** Counts whatever it is given; whether it is JSON, the parser says. */
function extentOf(text: string): Extent {
  let [depth, deepest, values] = [0, 0, 1];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfText(text, at);
    else if (code === 0x2c) values += 1;
    else if (code === 0x7b || code === 0x5b) {
      values += 1;
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return { depth: deepest, values };
}

function requireExtent(text: string): void {
  const { depth, values } = extentOf(text);
  if (depth > MAX_DEPTH) refuseBody(`json: nested deeper than ${MAX_DEPTH} levels`);
  if (values > MAX_VALUES)
    throw new AppError('too_large', `Request body holds more than ${MAX_VALUES} JSON values`);
}

/** What JSON.parse calls for each value; `source` is the text of a number as it was sent. */
export type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const TRUNCATED = /end of JSON|Unterminated string/;
const TRAILING = /^Unexpected non-whitespace character after JSON at position (\d+)/;
const AT = /at position (\d+)/;

/** What is wrong with a text that does not parse, in Consul's words where they are the same thing. */
function syntaxFault(message: string, text: string): string {
  const isCutOff = TRUNCATED.test(message) || AT.exec(message)?.[1] === String(text.length);
  return isCutOff ? 'unexpected EOF' : message;
}

type ParseReviver = Parameters<typeof JSON.parse>[1];

/** As JSON.parse, but what follows the first value is left alone, as Consul leaves it. */
function parseFirst(text: string, revive: ParseReviver): unknown {
  try {
    return JSON.parse(text, revive) as unknown;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'invalid JSON';
    const end = TRAILING.exec(message)?.[1];
    if (end === undefined) return refuseBody(syntaxFault(message, text));
    return JSON.parse(text.slice(0, Number(end)), revive) as unknown;
  }
}

/** Numbers beyond what a double holds have a long exponent or hundreds of digits. */
const MAY_BE_INFINITE = /\d[eE]\+?\d{3}|\d{300}/;

/** Refuse numbers that became Infinity: they could not be written as JSON again. */
function requireFinite(value: unknown): void {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    refuseBody('json: number is out of range');
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) requireFinite(item);
}

const MAY_BE_HALF = /\\u[dD][89a-fA-F]/;

/** Half a surrogate pair is no character: U+FFFD stands for it, as in Consul. Nothing could store it. */
function withoutHalves(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(withoutHalves);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), withoutHalves(item)]),
  );
}

/** The value of a JSON body. Throws bad_request for an empty, malformed or too deeply nested one, too_large for too many values. */
export function parseBody(body: Buffer, revive?: Reviver): unknown {
  const text = body.toString('utf8');
  if (text.trim() === '') refuseBody('EOF');
  requireExtent(text);
  const value = parseFirst(text, revive as ParseReviver);
  if (MAY_BE_INFINITE.test(text)) requireFinite(value);
  return MAY_BE_HALF.test(text) ? withoutHalves(value) : value;
}
