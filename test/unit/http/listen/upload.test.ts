import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Budget } from '../../../../src/http/listen/budget.ts';
import { openNameless, receiveUpload, Upload, type UploadFile } from '../../../../src/http/listen/upload.ts';
import { AppError } from '../../../../src/model/errors.ts';

const MAX_BYTES = 1_000_000;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Counted {
  readonly open: () => Promise<UploadFile>;
  /** Files that are open. */
  count(): number;
}

/** Files in a folder of their own, counted. */
function countedFiles(dir: string, change: Partial<UploadFile> = {}): Counted {
  let count = 0;
  const open = async (): Promise<UploadFile> => {
    const file = await openNameless(dir);
    count += 1;
    const close = async (): Promise<void> => {
      count -= 1;
      await file.close();
    };
    return { read: file.read.bind(file), write: file.write.bind(file), close, ...change } as UploadFile;
  };
  return { open, count: () => count };
}

/** A server that receives uploads, answers with their octets and keeps them open until it has. */
async function serve(open: Counted['open'], limit = 10 * MAX_BYTES) {
  let used = 0;
  const budget = new Budget({ total: limit, perClient: limit }, { onChange: (now) => (used = now) });
  const refusals: string[] = [];
  async function answer(raw: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      const upload = await receiveUpload({ raw, response, maxBytes: MAX_BYTES }, { budget, open });
      const pieces: Buffer[] = [];
      for await (const piece of upload.pieces()) pieces.push(piece);
      response.end(Buffer.concat(pieces));
    } catch (error) {
      const code = error instanceof AppError ? error.code : (error as { statusCode?: number }).statusCode;
      refusals.push(String(code));
      response.writeHead(500).end();
    }
  }
  const server = http.createServer((raw, response) => void answer(raw, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as net.AddressInfo;
  const begin = (length: number, bytes: number): net.Socket => {
    const socket = net.connect(port, '127.0.0.1');
    ends.push(() => socket.destroy());
    socket.on('error', () => {}).resume();
    socket.write(`PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`);
    socket.write(Buffer.alloc(bytes, 'u'));
    return socket;
  };
  return { url: `http://127.0.0.1:${port}/`, begin, refusals, used: () => used };
}

function newDir(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'uploads-'));
  ends.push(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

describe('an upload', () => {
  test('is what was sent, in a file that nobody finds, and is given back after the answer', async () => {
    const dir = newDir();
    const files = countedFiles(dir);
    const { url, used } = await serve(files.open);
    const sent = Buffer.from(Array.from({ length: 700_000 }, (_, i) => i % 251));
    const answer = await fetch(url, { method: 'PUT', body: sent });
    expect(Buffer.from(await answer.arrayBuffer()).equals(sent)).toBe(true);
    await expect.poll(files.count).toBe(0);
    expect(used()).toBe(0);
  });

  test('leaves nothing in its folder while it arrives, so nothing is left when the process dies', async () => {
    const dir = newDir();
    const { begin, used } = await serve(countedFiles(dir).open);
    begin(500_000, 400_000);
    await expect.poll(used).toBe(400_000);
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test('that never ends loses its place to a new one', async () => {
    const files = countedFiles(newDir());
    const { url, begin, used, refusals } = await serve(files.open, 600_000);
    begin(500_000, 400_000);
    await expect.poll(used).toBe(400_000);
    const answer = await fetch(url, { method: 'PUT', body: Buffer.alloc(300_000) });
    expect(answer.status).toBe(200);
    await expect.poll(() => refusals).toEqual(['over_budget']);
    await answer.arrayBuffer();
    await expect.poll(files.count).toBe(0);
  });

  test('whose client goes away in the middle is given back', async () => {
    const files = countedFiles(newDir());
    const { begin, used, refusals } = await serve(files.open);
    const socket = begin(500_000, 400_000);
    await expect.poll(used).toBe(400_000);
    socket.destroy();
    await expect.poll(files.count).toBe(0);
    expect([used(), refusals]).toEqual([0, ['bad_request']]);
  });

  test('that is larger than allowed is refused, also when it does not say so', async () => {
    const files = countedFiles(newDir());
    const { url, refusals } = await serve(files.open);
    await fetch(url, { method: 'PUT', body: Buffer.alloc(MAX_BYTES + 1) }).catch(() => {});
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    });
    await fetch(url, { method: 'PUT', body: stream, duplex: 'half' } as RequestInit).catch(() => {});
    await expect.poll(() => refusals).toEqual(['413', '413']);
    await expect.poll(files.count).toBe(0);
  });

  test('on a full disk is refused as that', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const files = countedFiles(newDir(), { write: () => Promise.reject(full) });
    const { url, refusals, used } = await serve(files.open);
    await fetch(url, { method: 'PUT', body: Buffer.alloc(100_000) }).catch(() => {});
    await expect.poll(() => refusals).toEqual(['store_failed']);
    await expect.poll(files.count).toBe(0);
    expect(used()).toBe(0);
  });

  test('that is closed while it is read is read to its end, and not again', async () => {
    const files = countedFiles(newDir());
    const file = await files.open();
    await file.write(Buffer.alloc(300_000));
    const share = new Budget({ total: 1, perClient: 1 }).open('');
    const upload = new Upload(file, share, 300_000);
    let bytes = 0;
    for await (const piece of upload.pieces()) {
      bytes += piece.length;
      await upload.close();
      if (bytes < 300_000) expect(files.count()).toBe(1);
    }
    expect([bytes, files.count()]).toEqual([300_000, 0]);
    await expect(upload.pieces().next()).rejects.toThrow('went away');
  });
});
