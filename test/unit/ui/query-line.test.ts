/** The web page's reading of the query log. */
import { expect, test } from 'vitest';
import { readQueryLine } from '../../../ui/api/query-line.ts';

test('a line about a question is taken apart', () => {
  const line =
    '2026-11-20T14:14:55.142Z [INFO]  dns: dns query: client=127.0.0.1 transport=udp name=web.service.consul. type=SRV rcode=NOERROR answers=2 bytes=311 elapsedMs=4.892';
  expect(readQueryLine(line)).toEqual({
    time: '2026-11-20T14:14:55.142Z',
    client: '127.0.0.1',
    transport: 'udp',
    name: 'web.service.consul.',
    type: 'SRV',
    rcode: 'NOERROR',
    answers: '2',
    elapsedMs: 4.892,
  });
});

test('other lines are none', () => {
  expect(readQueryLine('2026-11-20T14:14:55.142Z [INFO]  http: listening')).toBeUndefined();
});
