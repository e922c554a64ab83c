/**
 * Whether a value that came from a file has the shape that the code counts on.
 *
 * A shape is a function that says what is wrong and where ("tags[2] is not a text"), or undefined. It looks only for what
 * would break a reader: fields that it does not know are left alone, and what may be null may also be missing, as in
 * files of versions that did not have it.
 */

/** Begins with `path`, the place of the value; never throws. */
export type Shape = (value: unknown, path: string) => string | undefined;

const ofType =
  (type: string, what: string): Shape =>
  (value, path) =>
    typeof value === type ? undefined : `${path} is not ${what}`;

export const isText = ofType('string', 'a text');
export const isNumber = ofType('number', 'a number');
export const isBoolean = ofType('boolean', 'true or false');

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Any object of JSON, whatever is in it. */
export const isDocument: Shape = (value, path) => (isObject(value) ? undefined : `${path} is not an object`);

export function isOneOf(...allowed: readonly string[]): Shape {
  return (value, path) =>
    allowed.includes(value as string) ? undefined : `${path} is not one of ${allowed.join(', ')}`;
}

export function orNull(shape: Shape): Shape {
  return (value, path) => (value === null || value === undefined ? undefined : shape(value, path));
}

export function isListOf(shape: Shape): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} is not a list`;
    for (const [i, item] of value.entries()) {
      const problem = shape(item, `${path}[${i}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

export function isMapOf(shape: Shape): Shape {
  return (value, path) => {
    if (!isObject(value)) return `${path} is not an object`;
    for (const key of Object.keys(value)) {
      const problem = shape(value[key], `${path}.${key}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

/** An object with at least these fields; a row of a type has a shape for each of its own. */
export function hasFields<Row>(fields: { readonly [F in keyof Row]-?: Shape }): Shape {
  const entries = Object.entries(fields) as [string, Shape][];
  return (value, path) => {
    if (!isObject(value)) return `${path === '' ? 'it' : path} is not an object`;
    for (const [name, shape] of entries) {
      const problem = shape(value[name], path === '' ? name : `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}
