import { expect, test } from 'vitest';
import type { Logger } from '../../../src/lib/logger.ts';
import { type LocalAgent, type LocalAgentOptions, startLocal } from '../../support/local-agent.ts';

/** What was logged at INFO and above: level, sentence and the one field that Consul gives. */
function remembering(lines: string[]): Logger {
  const say =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push([level, message, ...Object.values(fields)].join(' '));
  const log: Logger = {
    debug: () => {},
    info: say('INFO'),
    warn: say('WARN'),
    error: say('ERROR'),
    isDebug: () => false,
    child: () => log,
  };
  return log;
}

/** A Local with its log; what it says of its start is left out. */
async function logged(
  options: LocalAgentOptions = {},
): Promise<{ readonly agent: LocalAgent; readonly take: () => readonly string[] }> {
  const lines: string[] = [];
  const agent = await startLocal({ ...options, log: remembering(lines) });
  lines.length = 0;
  return { agent, take: () => lines.splice(0) };
}

const WEB = { ID: 'web-1', Name: 'web', Check: { CheckID: 'w', TTL: '10s' } };

test('a service is said to be synced when it is new or another, with its checks in one line', async () => {
  const { agent, take } = await logged();
  await agent.register(WEB);
  expect(take()).toEqual(['INFO Synced service web-1']);
  await agent.register(WEB);
  expect(take()).toEqual([]);
  await agent.register({ ...WEB, Port: 80 });
  expect(take()).toEqual(['INFO Synced service web-1']);
  await agent.register({ ...WEB, Port: 80, Checks: [{ CheckID: 'x', TTL: '1m' }] });
  expect(take()).toEqual(['INFO Synced check x']);
});

test('what is removed is said to be deregistered, a service with its checks in one line', async () => {
  const { agent, take } = await logged();
  await agent.register(WEB);
  await agent.registerCheck({ CheckID: 'h', Name: 'h', TTL: '1m' });
  take();
  await agent.local.deregisterCheck('h');
  await agent.local.deregisterService('web-1');
  expect(take()).toEqual(['INFO Deregistered check h', 'INFO Deregistered service web-1']);
});

test('each change of a status is said once with what the check said, and at WARN when it is critical', async () => {
  const { agent, take } = await logged();
  await agent.registerCheck({ CheckID: 'h', Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  take();
  for (const status of ['critical', 'critical', 'passing', 'critical'] as const) {
    agent.local.report('h' as never, status, status);
    await agent.clock.advanceAndSettle(0);
  }
  expect(take()).toEqual([
    'WARN Check is now critical h critical',
    'INFO Synced check h',
    'INFO Check is now passing h passing',
    'INFO Synced check h',
    'WARN Check is now critical h critical',
    'INFO Synced check h',
  ]);
});

test('a TTL that passes, a report and a mark of maintenance have words of their own', async () => {
  const { agent, take } = await logged();
  await agent.register(WEB);
  take();
  await agent.local.updateTtl('w', 'critical', '');
  expect(take()).toEqual(['WARN Check is now critical w', 'INFO Synced check w']);
  await agent.local.updateTtl('w', 'passing', '');
  take();
  agent.local.report('w' as never, 'critical', 'TTL expired');
  expect(take()).toEqual(['WARN Check missed TTL, is now critical w TTL expired']);
  await agent.clock.advanceAndSettle(0);
  take();
  await agent.local.setServiceMaintenance('web-1', true, '');
  await agent.local.setServiceMaintenance('web-1', false, '');
  expect(take()).toEqual([
    'INFO Service entered maintenance mode web-1',
    'INFO Synced check _service_maintenance:web-1',
    'INFO Service left maintenance mode web-1',
    'INFO Deregistered check _service_maintenance:web-1',
  ]);
});

test('what a comparison with the catalog had to write is said, and nothing when there was nothing', async () => {
  const { agent, take } = await logged();
  await agent.register(WEB);
  take();
  await agent.local.sync();
  expect(take()).toEqual([]);
  await agent.writer.submit({ kind: 'deregister', node: 'n1', serviceId: 'web-1' });
  await agent.local.sync();
  expect(take()).toEqual(['INFO Synced service web-1', 'INFO Synced check w']);
});
