import { expect, test } from 'vitest';
import { startHttp } from '../../support/http-server.ts';

interface Described {
  readonly openapi: string;
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>
    >
  >;
}

async function describedApi(): Promise<Described> {
  return (await (await startHttp({ isUiEnabled: true })).get('/v1/openapi.json')).json() as Described;
}

test('every path and method that is described is there, and names its parameters', async () => {
  const { paths } = await describedApi();
  const { request } = await startHttp({ isUiEnabled: true });
  expect(Object.keys(paths).length).toBeGreaterThan(50);
  for (const [path, operations] of Object.entries(paths)) {
    const names = [...path.matchAll(/\{([\w-]+)\}/g)].map(([, name]) => name);
    const answer = await request('OPTIONS', path.replace(/\{[\w-]+\}/g, 'x'));
    for (const [method, operation] of Object.entries(operations)) {
      expect(`${path}: ${answer.headers['allow']}`).toContain(method.toUpperCase());
      const described = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(described.map(({ name }) => name)).toEqual(names);
    }
  }
});

test('no two operations have the same id', async () => {
  const { openapi, paths } = await describedApi();
  const ids = Object.values(paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId),
  );
  expect(openapi).toBe('3.1.0');
  expect(new Set(ids).size).toBe(ids.length);
});

test('a route describes what may be asked of it', async () => {
  const { paths } = await describedApi();
  const names = paths['/v1/health/service/{service}']?.['get']?.parameters.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['service', 'passing', 'tag', 'filter', 'index', 'wait']));
});

/** Answered as by a Consul that has it switched off; and what is no part of the API. */
const UNDESCRIBED =
  /^\w+ \/(?:ui|v1\/(?:acl\/(?:\{|create|update|destroy|info|clone|list)|agent\/connect|config|connect|discovery-chain|operator\/keyring|peering))/;

test('every operation says what it answers, and what its body is', async () => {
  const { paths } = await describedApi();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      name: `${method.toUpperCase()} ${path}`,
      described: described as unknown as {
        responses: Record<string, unknown>;
        requestBody?: { content: Record<string, { schema: object }> };
      },
    })),
  );
  const silent = operations.filter(({ described }) => described.responses['200'] === undefined);
  expect(silent.map(({ name }) => name).filter((name) => !UNDESCRIBED.test(name))).toEqual([]);
  const bodies = operations.filter(({ described }) => {
    const schema = described.requestBody?.content['application/json']?.schema;
    return schema !== undefined && Object.keys(schema).length === 0;
  });
  expect(bodies.map(({ name }) => name)).toEqual([]);
});
