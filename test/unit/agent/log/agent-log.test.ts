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
  expect(lines.map((line) => line.slice(line.indexOf('['))).join()).toBe('[DEBUG] p: heard: a=1');
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
