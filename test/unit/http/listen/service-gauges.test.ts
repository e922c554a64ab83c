import { expect, test } from 'vitest';
import { startHttp } from '../../../support/http-server.ts';

const lines = async (
  server: Awaited<ReturnType<typeof startHttp>>,
  name: string,
): Promise<readonly string[]> =>
  (await server.get('/metrics')).text.split('\n').filter((line) => line.startsWith(`rollcall_${name}`));

test('instances are counted by service and state, and a service that is gone is told no more', async () => {
  const server = await startHttp();
  await server.put('/v1/agent/service/register', { Name: 'web', Check: { CheckID: 'c', TTL: '1h' } });
  expect(await lines(server, 'service_instances{service="web"')).toEqual([
    'rollcall_service_instances{service="web",status="passing"} 0',
    'rollcall_service_instances{service="web",status="warning"} 0',
    'rollcall_service_instances{service="web",status="critical"} 1',
    'rollcall_service_instances{service="web",status="maintenance"} 0',
  ]);
  await server.put('/v1/agent/service/deregister/web');
  expect(await lines(server, 'service_instances{service="web"')).toEqual([]);
});

test('of very many services the first by name are told, and how many were not', async () => {
  const server = await startHttp();
  for (let i = 0; i < 410; i += 1)
    await server.put('/v1/agent/service/register', { Name: `s${String(i).padStart(3, '0')}` });
  expect(await lines(server, 'service_instances_untold')).toEqual(['rollcall_service_instances_untold 11']);
  expect(await lines(server, 'service_instances{service="s409"')).toEqual([]);
});

test('the version that runs is a label', async () => {
  const server = await startHttp();
  expect(await lines(server, 'build_info')).toEqual(['rollcall_build_info{version="0.0.1"} 1']);
});
