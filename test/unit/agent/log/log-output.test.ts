import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogOutput } from '../../../../src/agent/log/log-output.ts';
import { manualClock } from '../../../support/manual-clock.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-output-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

/** Both ends of a pipe that refuses what does not fit. */
function openFifo(): number {
  const name = path.join(dir, 'fifo');
  spawnSync('mkfifo', [name]);
  return fs.openSync(name, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
}

const drain = (fd: number): string => {
  const bytes = Buffer.alloc(1024 * 1024);
  return bytes.toString('utf8', 0, fs.readSync(fd, bytes));
};

describe('LogOutput', () => {
  it('writes lines in order, and flush waits for them', async () => {
    const fd = fs.openSync(path.join(dir, 'out'), 'w');
    const output = new LogOutput(fd, manualClock());
    output.write('a');
    output.write('b');
    await output.flush();
    output.write('c');
    await output.flush();
    expect(fs.readFileSync(path.join(dir, 'out'), 'utf8')).toBe('a\nb\nc\n');
    fs.closeSync(fd);
  });

  it('writes a line at once, and what follows shortly after together', async () => {
    const file = path.join(dir, 'out');
    const fd = fs.openSync(file, 'w');
    const clock = manualClock();
    const output = new LogOutput(fd, clock);
    const written = (): string => fs.readFileSync(file, 'utf8');
    output.write('a');
    await expect.poll(written).toBe('a\n');
    await expect.poll(() => clock.pendingCount()).toBe(1);
    output.write('b');
    clock.advance(9);
    output.write('c');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(written()).toBe('a\n');
    clock.advance(1);
    await expect.poll(written).toBe('a\nb\nc\n');
    fs.closeSync(fd);
  });

  it('loses what a full disk refuses, and neither throws nor waits', async () => {
    const fd = fs.openSync('/dev/full', 'w');
    const output = new LogOutput(fd, manualClock());
    output.write('a');
    await output.flush();
    output.write('b');
    await output.flush();
    fs.closeSync(fd);
  });

  it('waits for a slow reader, and tells it how many lines it lost', async () => {
    const fd = openFifo();
    const clock = manualClock();
    const output = new LogOutput(fd, clock);
    output.write('x'.repeat(65_535));
    await output.flush();
    clock.advance(10);
    output.write('first');
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 10; i += 1) output.write('y'.repeat(1024 * 1024));
    expect(drain(fd)).toMatch(/^x+\n$/);
    let text = '';
    for (let tries = 0; tries < 500 && !text.includes('2 lines were lost here'); tries += 1) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
      try {
        text += drain(fd);
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
      }
    }
    expect(text).toMatch(/^first\ny+\n/);
    expect(text).toContain('{"@level":"warn","@message":"2 lines were lost here"}\n');
    fs.closeSync(fd);
  });

  it('writes at once what waits when the process dies', () => {
    const fd = fs.openSync(path.join(dir, 'out'), 'w');
    const output = new LogOutput(fd, manualClock());
    output.write('last words');
    output.writeLast();
    expect(fs.readFileSync(path.join(dir, 'out'), 'utf8')).toBe('last words\n');
    fs.closeSync(fd);
  });

  it('gives up on a reader that takes nothing when the agent ends', async () => {
    const fd = openFifo();
    const clock = manualClock();
    const output = new LogOutput(fd, clock);
    output.write('x'.repeat(100_000));
    const flushed = output.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(1_000);
    await flushed;
    fs.closeSync(fd);
  });
});
