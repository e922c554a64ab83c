/** Words for JSON Schemas of answers. */
import type { Schema } from '../../decode/json-fields.ts';

export const TEXT: Schema = { type: 'string' };
export const INTEGER: Schema = { type: 'integer' };
export const NUMBER: Schema = { type: 'number' };
export const FLAG: Schema = { type: 'boolean' };
/** Whatever was put in. */
export const ANY_OBJECT: Schema = { type: 'object' };
export const TIME: Schema = { type: 'string', format: 'date-time' };

export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
export const oneOf = (...anyOf: readonly Schema[]): Schema => ({ anyOf });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
/** A schema of the components, by its name there. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object of these fields; those whose names end in `?` may be absent. */
export function object(fields: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(fields).map(([name, schema]) => [name.replace(/\?$/, ''), schema] as const);
  return {
    type: 'object',
    properties: Object.fromEntries(entries),
    required: Object.keys(fields).filter((name) => !name.endsWith('?')),
  };
}

export const TEXTS = listOf(TEXT);
export const TEXT_MAP = mapOf(TEXT);
/** When a row was written first and last, to be spread into its fields. */
export const STAMP = { CreateIndex: INTEGER, ModifyIndex: INTEGER };
