/**
 * The description of the API (OpenAPI 3.1), made of the same routes that are mounted, when somebody asks for it.
 *
 * Bodies and answers are described by kind only: their fields are those of Consul's documentation.
 */

import { open } from '../access/permission.ts';
import { METHODS } from '../call-and-reply.ts';
import { SortedMap } from '../documents/go-json.ts';
import type { HttpParts } from '../http-parts.ts';
import { placeText, THIS_AGENT } from '../place.ts';
import { json } from '../reply.ts';
import type { Operation, QueryParameter, Route } from '../route.ts';

type Document = Readonly<Record<string, unknown>>;

const TEXT_ANSWER: Document = { 'text/plain': { schema: { type: 'string' } } };
const ANSWERS: Document = {
  200: { description: 'Done.', content: { 'application/json': { schema: {} } } },
  400: { description: 'A parameter or the body is malformed; the text names it.', content: TEXT_ANSWER },
  403: { description: 'Switched off by configuration.', content: TEXT_ANSWER },
  404: { description: 'Unknown name.', content: TEXT_ANSWER },
  500: { description: 'Refused, or failed; the text says why.', content: TEXT_ANSWER },
};

/** Last words of a path that say what is done; what follows them is an id, of whatever comes before. */
const VERBS: ReadonlySet<string> = new Set(
  'pass warn fail update deregister maintenance destroy info renew join force-leave id name fire'.split(' '),
);

/** What a last `*` stands for, in the path's own words: `/v1/health/service/*` → service. */
function restName(before: string | undefined): string {
  if (before === undefined || VERBS.has(before)) return 'id';
  return before === 'kv' ? 'key' : before;
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

const BODY_TYPES = {
  json: 'application/json',
  bytes: 'application/octet-stream',
  file: 'application/octet-stream',
} as const;

function operationDocument(
  { about, place, permission, query = [], body }: Operation,
  id: string,
  names: readonly string[],
): Document {
  const path = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  return {
    operationId: id,
    summary: about,
    'x-place': placeText(place),
    'x-permission': permission.needs,
    parameters: [...path, ...query.map(queryDocument)],
    ...(body && { requestBody: { content: { [BODY_TYPES[body]]: { schema: {} } } } }),
    responses: ANSWERS,
  };
}

function pathDocument(route: Route): Document {
  const { text, names } = template(route.path);
  const operations = METHODS.flatMap((method) => {
    const operation = route.operations[method];
    const id = `${method.toLowerCase()}${text.replace(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '')}`;
    return operation ? [[method.toLowerCase(), operationDocument(operation, id, names)]] : [];
  });
  return Object.fromEntries(operations) as Document;
}

/** The description of these routes. */
function openApiDocument(routes: readonly Route[], version: string): Document {
  const paths = routes.map((route) => [template(route.path).text, pathDocument(route)] as const);
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
        handle: (_call, { version }: HttpParts) => json(openApiDocument([...routes, own], version)),
      },
    },
  };
  return own;
}
