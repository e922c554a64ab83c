import { describe, expect, test } from 'vitest';
import type { Logger } from '../../../../src/lib/logger.ts';
import { type MemberFinding, MemberLog } from '../../../../src/store/etcd/member-log.ts';
import { manualClock } from '../../../support/manual-clock.ts';

function start() {
  const lines: string[] = [];
  const findings: MemberFinding[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  const log: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    isDebug: () => true,
    child: () => log,
  };
  const clock = manualClock();
  const output = new MemberLog({ log, clock, onFinding: (finding) => findings.push(finding) });
  return { lines, findings, clock, output };
}

const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
const MISMATCH = line({
  level: 'warn',
  ts: '2026-11-21T16:34:36.428Z',
  caller: 'rafthttp/stream.go:682',
  msg: 'request sent was ignored by remote peer due to cluster ID mismatch',
  'remote-peer-cluster-id': '48c9',
  'local-member-cluster-id': '79bc',
  error: 'cluster ID mismatch',
});

describe('a line of etcd', () => {
  test('keeps its level, its sentence and its fields, whatever pieces it came in', () => {
    const { lines, output } = start();
    const text = line({ level: 'warn', ts: 'T', caller: 'c', msg: 'took too long', took: '1s' });
    for (const character of text) output.push(character);
    expect(lines).toEqual(['warn etcd: took too long {"took":"1s"}']);
  });

  test('about its daily life is for debugging', () => {
    const { lines, output } = start();
    output.push(line({ level: 'info', msg: 'published' }));
    expect(lines).toEqual(['debug etcd: published {}']);
  });

  test('that etcd calls a warning though all is well is for debugging too', () => {
    const { lines, output } = start();
    output.push(line({ level: 'warn', msg: 'established TCP streaming connection with remote peer' }));
    output.push(line({ level: 'warn', msg: 'simple token is not cryptographically signed' }));
    expect(lines.map((text) => text.split(' ')[0])).toEqual(['debug', 'debug']);
  });

  test('of a library that warns past the log is for debugging', () => {
    const { lines, output } = start();
    output.push('WARNING: 2026/11/21 21:07:55 [core] grpc: addrConn.createTransport failed\n');
    expect(lines[0]).toMatch(/^debug etcd: WARNING: /);
  });

  test('that is no JSON is passed on as it is, and cut when it is endless', () => {
    const { lines, output } = start();
    output.push('panic: runtime error\n\n');
    output.push(`${'x'.repeat(50_000)}\n`);
    expect(lines[0]).toBe('error etcd: panic: runtime error {}');
    expect(lines[1]?.length).toBeLessThan(20_000);
  });

  test('that is repeated is written once in ten seconds, with a count', () => {
    const { lines, output, clock } = start();
    for (let count = 0; count < 50; count += 1) output.push(line({ level: 'warn', msg: 'peer is down' }));
    clock.advance(10_000);
    output.push(line({ level: 'warn', msg: 'peer is down' }));
    expect(lines).toEqual(['warn etcd: peer is down {}', 'warn etcd: peer is down {"repeats":49}']);
  });

  test('of level fatal is why it ended', () => {
    const { output } = start();
    expect(output.lastFatal).toBeUndefined();
    output.push(
      line({ level: 'fatal', msg: 'discovery failed', error: 'listen tcp: address already in use' }),
    );
    expect(output.lastFatal).toBe('listen tcp: address already in use');
  });
});

describe('a finding', () => {
  test('is a peer of another cluster, told once for its many lines', () => {
    const { findings, output } = start();
    output.push(MISMATCH + MISMATCH + MISMATCH);
    expect(findings).toMatchObject([{ kind: 'other-cluster' }]);
    expect(findings[0]?.text).toMatch(/another cluster \(48c9, this member is of 79bc\)/);
  });

  test('is that the others have taken this member out', () => {
    const { findings, output } = start();
    const error = 'the member has been permanently removed from the cluster';
    output.push(line({ level: 'warn', msg: 'server error', error }));
    expect(findings).toMatchObject([{ kind: 'removed' }]);
  });

  test('is a clock that is off', () => {
    const { findings, output } = start();
    const fields = { 'remote-peer-id': 'a85e', 'clock-drift': '7.5s', rtt: '1ms' };
    output.push(line({ level: 'warn', msg: 'prober found high clock drift', ...fields }));
    expect(findings).toEqual([
      { kind: 'clock', text: 'etcd: the clocks of this machine and of peer a85e differ by 7.5s; check NTP' },
    ]);
  });
});
