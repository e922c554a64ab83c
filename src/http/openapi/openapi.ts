/**
 * The description of the API (OpenAPI 3.1), made of the same routes that are mounted, when somebody asks for it.
 *
 * Bodies are described by the tables that they are read by (body-schemas.ts), answers by answer-schemas.ts.
 */

import type { Schema } from '../../decode/json-fields.ts';
import { open } from '../access/permission.ts';
import { METHODS } from '../call-and-reply.ts';
import { SortedMap } from '../documents/go-json.ts';
import type { HttpParts } from '../http-parts.ts';
import { placeText, THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import type { Operation, QueryParameter, Route } from '../route.ts';
import { ANSWERS } from './answer-schemas.ts';
import { bodySchemas } from './body-schemas.ts';
import { COMPONENTS } from './components.ts';

type Document = Readonly<Record<string, unknown>>;

const TEXT_ANSWER: Document = { 'text/plain': { schema: { type: 'string' } } };
const REFUSALS: Document = {
  400: { description: 'A parameter or the body is malformed; the text names it.', content: TEXT_ANSWER },
  403: { description: 'Not allowed, or switched off by configuration.', content: TEXT_ANSWER },
  404: { description: 'Unknown name.', content: TEXT_ANSWER },
  500: { description: 'Refused, or failed; the text says why.', content: TEXT_ANSWER },
};

/** Of what is not there, nothing but refusals. */
function answersDocument(answer: (typeof ANSWERS)[string] | undefined): Document {
  if (answer === undefined) return REFUSALS;
  if (answer === null) return { 200: { description: 'Done.' }, ...REFUSALS };
  const content =
    'json' in answer
      ? { 'application/json': { schema: answer.json } }
      : { [answer.type]: { schema: { type: 'string' } } };
  return { 200: { description: 'Done.', content }, ...REFUSALS };
}

/** Last words of a path that say what is done; what follows them is an id, of whatever comes before. */
const VERBS: ReadonlySet<string> = new Set(
  'pass warn fail update deregister maintenance destroy info renew join force-leave id name fire'.split(' '),
);

/** What a last `*` stands for, in the path's own words: `/v1/health/service/*` → service. */
function restName(before: string | undefined): string {
  if (before === undefined || VERBS.has(before)) return 'id';
  return before === 'kv' ? 'key' : before.replaceAll('-', '_');
}

/** `/v1/kv/*` → `/v1/kv/{key}`. */
function template(path: string): { readonly text: string; readonly names: readonly string[] } {
  const names: string[] = [];
  const parts = path.split('/').map((part, at, all) => {
    if (part !== '*' && !part.startsWith(':')) return part;
    const name = part === '*' ? restName(all[at - 1]) : part.slice(1);
    names.push(name);
    return `{${name}}`;
  });
  return { text: parts.join('/'), names };
}

function queryDocument({ name, about, isRepeatable }: QueryParameter): Document {
  const text = { type: 'string' };
  return {
    name,
    in: 'query',
    description: about,
    required: false,
    schema: isRepeatable ? { type: 'array', items: text } : text,
  };
}

/** An operation under its route, as ANSWERS and the bodies know it. */
interface Named {
  readonly key: string;
  readonly id: string;
  readonly tag: string;
  readonly names: readonly string[];
}

/** `bytes` is whatever the client wants to keep, text as a rule; `file` is large and binary. */
function bodyDocument(body: NonNullable<Operation['body']>, schema: Schema | undefined): Document {
  if (body === 'json') return { content: { 'application/json': { schema: schema ?? {} } } };
  const octets = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  return { content: body === 'bytes' ? { ...TEXT_ANSWER, ...octets } : octets };
}

function operationDocument(
  { about, place, permission, query = [], body }: Operation,
  { key, id, tag, names }: Named,
  bodies: ReturnType<typeof bodySchemas>,
): Document {
  const path = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  return {
    operationId: id,
    tags: [tag],
    summary: about,
    'x-place': placeText(place),
    'x-permission': permission.needs,
    parameters: [...path, ...query.map(queryDocument)],
    ...(body && { requestBody: bodyDocument(body, bodies[key]) }),
    responses: answersDocument(ANSWERS[key]),
  };
}

/** The word after `/v1/`; what is elsewhere is about the agent. */
function tagOf(path: string): string {
  const [, first = '', second = ''] = path.split('/');
  return first === 'v1' ? second : 'agent';
}

function pathDocument(route: Route, bodies: ReturnType<typeof bodySchemas>): Document {
  const { text, names } = template(route.path);
  const operations = METHODS.flatMap((method) => {
    const operation = route.operations[method];
    const id = `${method.toLowerCase()}${text.replace(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '')}`;
    const named = { key: `${method} ${route.path}`, id, tag: tagOf(route.path), names };
    return operation ? [[method.toLowerCase(), operationDocument(operation, named, bodies)]] : [];
  });
  return Object.fromEntries(operations) as Document;
}

/** The description of these routes. */
function openApiDocument(routes: readonly Route[], version: string): Document {
  const bodies = bodySchemas();
  const paths = routes.map((route) => [template(route.path).text, pathDocument(route, bodies)] as const);
  return {
    openapi: '3.1.0',
    info: {
      title: 'rollcall',
      version,
      description: "Service discovery; the API of HashiCorp Consul's agent, in the parts that rollcall has.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: new SortedMap(paths),
    components: { schemas: COMPONENTS },
  };
}

/** The route that answers with the description of `routes` and of itself. */
export function openApiRoute(routes: readonly Route[]): Route {
  const own: Route = {
    path: '/v1/openapi.json',
    operations: {
      GET: {
        about: 'This description.',
        place: THIS_AGENT,
        permission: open('says what there is, not what is in it'),
        handle: (_call, { ownVersion }: HttpParts) => json(openApiDocument([...routes, own], ownVersion)),
      },
    },
  };
  return own;
}
