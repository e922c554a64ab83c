import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { AgentLog } from '../../../../src/agent/log/agent-log.ts';
import { manualClock } from '../../../support/manual-clock.ts';

/** Standard output gets errors only, so that the tests stay silent. */
const quiet = (): AgentLog => new AgentLog({ level: 'ERROR', isJson: true }, manualClock());

test('a logger obeys changes of the level that come after it was made', () => {
  const agentLog = quiet();
  const log = agentLog.log.child({ part: 'p' });
  const lines: string[] = [];
  log.info({}, 'nobody hears this');
  expect(log.isDebug()).toBe(false);
  const stop = agentLog.subscribe('debug', false, (line) => lines.push(line));
  expect(log.isDebug()).toBe(true);
  log.debug({ a: 1 }, 'heard');
  stop();
  log.warn({}, 'nobody hears this either');
  expect(lines.map((line) => line.slice(line.indexOf('['))).join()).toBe('[DEBUG] agent.p: heard: a=1');
});

test('loggers that nobody uses any more take no memory, however many there were', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const agentLog = quiet();
  const heapAfter = (count: number): number => {
    for (let i = 0; i < count; i += 1) agentLog.log.child({ i });
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = heapAfter(1_000);
  expect(heapAfter(20_000) - before).toBeLessThan(1_000_000);
  expect(agentLog.log.isDebug()).toBe(false);
});

test('lines are those of Consul, as text and as JSON', () => {
  const agentLog = quiet();
  const [lines, documents]: [string[], string[]] = [[], []];
  agentLog.subscribe('info', false, (line) => lines.push(line));
  agentLog.subscribe('warn', true, (line) => documents.push(line));
  agentLog.log.info({ service: 'web' }, 'Synced service');
  agentLog.log.child({ part: 'dns' }).warn({ port: 53 }, 'said');
  expect(lines[0]).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z \[INFO\] {2}agent: Synced service: service=web$/,
  );
  expect(documents.map((line) => JSON.parse(line))).toEqual([
    {
      '@level': 'warn',
      '@message': 'said',
      '@module': 'agent.dns',
      '@timestamp': expect.stringMatching(/^\d{4}-.*Z$/),
      port: 53,
    },
  ]);
});
