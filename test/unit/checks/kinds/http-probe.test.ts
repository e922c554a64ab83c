import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createDial } from '../../../../src/checks/dial.ts';
import { httpProbe } from '../../../../src/checks/kinds/http-probe.ts';
import { runProbe } from '../../../support/run-probe.ts';
import { closedPort, httpsTarget, httpTarget, tcpTarget } from '../../../support/targets.ts';

const probe = httpProbe(createDial());

test.each([
  [200, 'passing'],
  [299, 'passing'],
  [300, 'critical'],
  [429, 'warning'],
  [404, 'critical'],
  [503, 'critical'],
])('status %i is %s', async (code, status) => {
  const port = await httpTarget((_, response) => response.writeHead(code, 'Words').end('body'));
  expect(await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/x?y=1` })).toEqual({
    status,
    output: `HTTP GET http://127.0.0.1:${port}/x?y=1: ${code} Words Output: body`,
  });
});

test('sends method, headers, several values of one header, body, Host and its own user agent', async () => {
  const port = await httpTarget((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () =>
      response.end(
        JSON.stringify([
          request.method,
          request.headers.host,
          request.headers['x-one'],
          request.headers['user-agent'],
          request.headers['content-length'],
          Buffer.concat(chunks).toString(),
        ]),
      ),
    );
  });
  const { output } = await runProbe(probe, {
    HTTP: `http://127.0.0.1:${port}/`,
    Method: 'POST',
    Header: { 'X-One': ['a', 'b'], Host: ['web.example'] },
    Body: '{"ä":1}',
  });
  const sent = ['POST', 'web.example', 'a, b', 'Consul Health Check', '8', '{"ä":1}'];
  expect(output).toBe(`HTTP POST http://127.0.0.1:${port}/: 200 OK Output: ${JSON.stringify(sent)}`);
});

test('names that objects have of their own are names of headers as any other', async () => {
  const port = await httpTarget((request, response) => response.end(request.rawHeaders.join(' ')));
  const Header = JSON.parse('{"__proto__":["p"],"constructor":["c"],"toString":["t"]}') as Record<
    string,
    string[]
  >;
  const { output } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/`, Header });
  for (const line of ['__proto__ p', 'constructor c', 'tostring t']) expect(output).toContain(line);
});

test.each([
  ['header value', { Header: { X: ['a\r\nY: b'] } }, /invalid header field value "a\\r\\nY: b" for key X$/],
  ['header name', { Header: { 'a b': ['x'] } }, /invalid header field name "a b"$/],
  ['method', { Method: 'GET / HTTP/1.1\r\nX:' }, /^net\/http: invalid method /],
])('a %s that could smuggle a second request is refused', async (_, json, text) => {
  const requests: string[] = [];
  const port = await httpTarget((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  });
  const result = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/`, ...json });
  expect(result).toMatchObject({ status: 'critical', output: expect.stringMatching(text) });
  expect(requests).toEqual([]);
});

test('headers that frame the message cannot be given, and a URL cannot carry a line end', async () => {
  const port = await httpTarget((request, response) =>
    response.end(
      `${request.url} ${request.headers['content-length']} ${request.headers['transfer-encoding']}`,
    ),
  );
  const { output } = await runProbe(probe, {
    HTTP: `http://127.0.0.1:${port}/a\r\nb c`,
    Header: { 'Content-Length': ['100'], 'Transfer-Encoding': ['chunked'] },
  });
  expect(output).toContain('Output: /ab%20c undefined undefined');
});

test('credentials of the URL are sent and not shown', async () => {
  const port = await httpTarget((request, response) => response.end(request.headers.authorization));
  const { output } = await runProbe(probe, { HTTP: `http://me:secret@127.0.0.1:${port}/` });
  const basic = Buffer.from('me:secret').toString('base64');
  expect(output).toBe(`HTTP GET http://me:xxxxx@127.0.0.1:${port}/: 200 OK Output: Basic ${basic}`);
});

test('keeps the end of a long body', async () => {
  const port = await httpTarget((_, response) => response.end(`${'x'.repeat(100_000)}the end`));
  const { output } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/` }, { outputMaxBytes: 10 });
  expect(output).toMatch(/Output: xxxthe end$/);
});

test('reads gzip, and only where the check did not ask for an encoding itself', async () => {
  const port = await httpTarget((request, response) =>
    response
      .writeHead(200, { 'content-encoding': 'gzip' })
      .end(gzipSync(request.headers['accept-encoding'] ?? '')),
  );
  const url = `http://127.0.0.1:${port}/`;
  expect((await runProbe(probe, { HTTP: url })).output).toMatch(/Output: gzip$/);
  const raw = await runProbe(probe, { HTTP: url, Header: { 'Accept-Encoding': ['gzip'] } });
  expect(raw.output).not.toMatch(/Output: gzip$/);
});

test('a body that never ends is judged after a mebibyte', async () => {
  const port = await httpTarget((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  });
  const result = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/` }, { outputMaxBytes: 4 });
  expect(result).toMatchObject({ status: 'passing', output: expect.stringMatching(/200 OK Output: xxxx$/) });
});

test('a compressed bomb is judged after a mebibyte too', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const port = await httpTarget((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  );
  const before = process.memoryUsage().rss;
  const { status } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/` });
  expect(status).toBe('passing');
  expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
});

test('a target that does not answer costs its time limit', async () => {
  const port = await httpTarget(() => {});
  const url = `http://127.0.0.1:${port}/`;
  const startedMs = performance.now();
  expect(await runProbe(probe, { HTTP: url }, { timeoutMs: 100 })).toEqual({
    status: 'critical',
    output: `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test('the time limit covers the body, whatever the status line said', async () => {
  const port = await httpTarget((_, response) => {
    response.write('some');
  });
  const { status, output } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/` }, { timeoutMs: 100 });
  expect(status).toBe('critical');
  expect(output).toMatch(/context deadline exceeded \(Client.Timeout exceeded while reading body\)$/);
});

test('follows redirects, changing POST to GET as the code says', async () => {
  const port = await httpTarget((request, response) => {
    if (request.url === '/see') response.writeHead(303, { location: '/ok' }).end();
    else if (request.url === '/keep') response.writeHead(307, { location: '/ok' }).end();
    else response.end(`${request.method} ${request.headers['content-length'] ?? '-'}`);
  });
  const base = `http://127.0.0.1:${port}`;
  const post = { Method: 'POST', Body: 'abc' };
  const seen = await runProbe(probe, { HTTP: `${base}/see`, ...post });
  expect(seen.output).toBe(`HTTP POST ${base}/see: 200 OK Output: GET -`);
  const kept = await runProbe(probe, { HTTP: `${base}/keep`, ...post });
  expect(kept.output).toBe(`HTTP POST ${base}/keep: 200 OK Output: POST 3`);
});

test('does not follow redirects when told so', async () => {
  const port = await httpTarget((_, response) => response.writeHead(302, { location: '/ok' }).end('moved'));
  const url = `http://127.0.0.1:${port}/`;
  expect(await runProbe(probe, { HTTP: url, DisableRedirects: true })).toEqual({
    status: 'critical',
    output: `HTTP GET ${url}: 302 Found Output: moved`,
  });
});

test('stops after ten redirects', async () => {
  let requests = 0;
  const port = await httpTarget((_, response) => {
    requests += 1;
    response.writeHead(302, { location: '/loop' }).end();
  });
  const { output } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/loop` });
  expect([output, requests]).toEqual(['Get "/loop": stopped after 10 redirects', 10]);
});

test('another site does not get the secrets', async () => {
  const other = await httpTarget((request, response) =>
    response.end(`${request.headers.authorization} ${request.headers['x-plain']}`),
  );
  const port = await httpTarget((_, response) =>
    response.writeHead(302, { location: `http://localhost:${other}/` }).end(),
  );
  const Header = { Authorization: ['Bearer secret'], 'X-Plain': ['yes'] };
  const { output } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/`, Header });
  expect(output).toMatch(/Output: undefined yes$/);
});

test('a redirect to something that is not HTTP is refused', async () => {
  const port = await httpTarget((_, response) =>
    response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  );
  const { output } = await runProbe(probe, { HTTP: `http://127.0.0.1:${port}/` });
  expect(output).toBe('Get "file:///etc/passwd": unsupported protocol scheme "file"');
});

test('a closed port is worded like Consul words it', async () => {
  const port = await closedPort();
  const url = `http://127.0.0.1:${port}/`;
  expect(await runProbe(probe, { HTTP: url })).toEqual({
    status: 'critical',
    output: `Get "${url}": dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});

test.each([
  ['://bad', 'parse "://bad": missing protocol scheme'],
  ['127.0.0.1:80', 'parse "127.0.0.1:80": first path segment in URL cannot contain colon'],
  ['ftp://a/', 'Get "ftp://a/": unsupported protocol scheme "ftp"'],
  ['nohost/path', 'Get "nohost/path": unsupported protocol scheme ""'],
])('the URL %s is critical with the reason', async (url, output) => {
  expect(await runProbe(probe, { HTTP: url })).toEqual({ status: 'critical', output });
});

test('a target that hangs up, resets, or speaks nonsense is critical', async () => {
  const gone = await tcpTarget((socket) => socket.once('data', () => socket.end()));
  const reset = await tcpTarget((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const nonsense = await tcpTarget((socket) => socket.once('data', () => socket.end('what?\r\n\r\n')));
  const outputs = await Promise.all(
    [gone, reset, nonsense].map((port) => runProbe(probe, { HTTP: `http://127.0.0.1:${port}/` })),
  );
  expect(outputs.map(({ status }) => status)).toEqual(['critical', 'critical', 'critical']);
  expect(outputs[0]?.output).toMatch(/: EOF$/);
  expect(outputs[1]?.output).toMatch(/: read: connection reset by peer$/);
  expect(outputs[2]?.output).toMatch(/transport connection broken/);
});

test('HTTPS: an unknown authority is critical unless verification is off; the server name is what is checked', async () => {
  const port = await httpsTarget((request, response) => response.end(String(request.socket.localPort)));
  const url = `https://127.0.0.1:${port}/`;
  expect((await runProbe(probe, { HTTP: url })).output).toBe(
    `Get "${url}": x509: certificate signed by unknown authority`,
  );
  expect((await runProbe(probe, { HTTP: url, TLSSkipVerify: true })).status).toBe('passing');
});

test('HTTPS to a port that speaks HTTP is said so', async () => {
  const port = await httpTarget((_, response) => response.end());
  const { output } = await runProbe(probe, { HTTP: `https://127.0.0.1:${port}/` });
  expect(output).toBe(`Get "https://127.0.0.1:${port}/": http: server gave HTTP response to HTTPS client`);
});

test.each([
  ['credentials that are not percent-encoded', 'http://%zz:%@127.0.0.1:PORT/', {}],
  ['two Host headers', 'http://127.0.0.1:PORT/', { Host: ['a', 'b'] }],
  [
    'a header named like a property of objects',
    'http://127.0.0.1:PORT/',
    { __proto__x: ['a'], constructor: ['b'] },
  ],
])('%s end in a result', async (_, url, Header) => {
  const port = await httpTarget((_request, response) => response.end());
  const { output } = await runProbe(probe, { HTTP: url.replace('PORT', String(port)), Header });
  expect(output).not.toBe('');
});
