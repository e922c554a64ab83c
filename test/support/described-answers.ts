/**
 * Holds answers of the API against its description: every field that is there is described, and every one that is described
 * is there. Takes the description that clients get.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Json = Readonly<Record<string, unknown>>;

export interface Described {
  readonly method: string;
  readonly pattern: RegExp;
  /** Its path without parameters. */
  readonly literal: string;
  /** Undefined where no JSON is answered. */
  readonly check: (() => ValidateFunction) | undefined;
}

/** Where the named schemas stand for the compiler. */
const NAMED = 'api';

/** The same schema, refusing fields that it does not name. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === '$ref' ? `${NAMED}${value}` : strict(value)]),
  );
  return 'properties' in schema ? { ...inner, additionalProperties: false } : inner;
}

const jsonSchemaOf = (operation: Json): Json | undefined => {
  const { 200: done } = operation['responses'] as { 200?: { content?: Record<string, { schema: Json }> } };
  return done?.content?.['application/json']?.schema;
};

/** What a description says of JSON answers, the most particular path first, as for the router. */
export function readDescription(text: string): readonly Described[] {
  const { paths, components } = JSON.parse(text) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
    readonly components: Json;
  };
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } });
  ajv.addSchema({ $id: NAMED, components: strict(components) });
  const found = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Described => {
      const schema = jsonSchemaOf(operation);
      const pattern = new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[\w-]+\}/g, '.*')}$`, 's');
      let compiled: ValidateFunction | undefined;
      return {
        method: method.toUpperCase(),
        pattern,
        literal: path.replace(/\{[\w-]+\}/g, ''),
        check: schema && (() => (compiled ??= ajv.compile(strict(schema) as Json))),
      };
    }),
  );
  return found.sort((one, other) => other.literal.length - one.literal.length);
}

/** Why a JSON answer with status 200 is not as it is described; undefined when it is. */
export function descriptionFault(
  described: readonly Described[],
  asked: { readonly method: string; readonly url: string },
  text: string,
): string | undefined {
  const path = asked.url.split('?')[0] ?? '';
  const found = described.find(({ method, pattern }) => method === asked.method && pattern.test(path));
  if (found === undefined) return undefined;
  const place = `${asked.method} ${path}`;
  if (found.check === undefined) return `${place} has no description of a JSON answer`;
  const check = found.check();
  if (check(JSON.parse(text))) return undefined;
  return `${place}: ${JSON.stringify(check.errors?.slice(0, 3))} in ${text.slice(0, 300)}`;
}
