import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile, type LogFileSettings } from '../../../../src/agent/log/log-file.ts';
import { manualClock } from '../../../support/manual-clock.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-log-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

const settings = (more: Partial<LogFileSettings> = {}): LogFileSettings => ({
  path: path.join(dir, 'agent.log'),
  rotateBytes: 0,
  rotateMs: 0,
  maxFiles: 0,
  ...more,
});
const read = (name: string): string => fs.readFileSync(path.join(dir, name), 'utf8');

describe('LogFile', () => {
  it('appends lines, also to what is there already', () => {
    fs.writeFileSync(path.join(dir, 'agent.log'), 'old\n');
    const file = new LogFile(settings(), manualClock());
    file.write('new');
    expect(read('agent.log')).toBe('old\nnew\n');
    file.close();
  });

  it('takes a folder and names the file itself', () => {
    const file = new LogFile(settings({ path: `${dir}/sub/` }), manualClock());
    file.write('x');
    expect(read('sub/rollcall.log')).toBe('x\n');
    file.close();
  });

  it('begins a new file at its size and keeps the newest old ones', () => {
    const clock = manualClock();
    const file = new LogFile(settings({ rotateBytes: 4, maxFiles: 2 }), clock);
    for (const line of ['aaaa', 'bbbb', 'cccc', 'dddd']) {
      file.write(line);
      clock.advance(1_000);
    }
    const old = fs
      .readdirSync(dir)
      .filter((name) => name !== 'agent.log')
      .sort();
    expect(read('agent.log')).toBe('dddd\n');
    expect(old.map(read)).toEqual(['bbbb\n', 'cccc\n']);
    file.close();
  });

  it('begins a new file at its age', () => {
    const clock = manualClock();
    const file = new LogFile(settings({ rotateMs: 60_000 }), clock);
    file.write('a');
    clock.advance(60_000);
    file.write('b');
    expect(read('agent.log')).toBe('b\n');
    expect(fs.readdirSync(dir)).toHaveLength(2);
    file.close();
  });

  it('goes on under its name after somebody moved the file away', () => {
    const file = new LogFile(settings(), manualClock());
    file.write('a');
    fs.renameSync(path.join(dir, 'agent.log'), path.join(dir, 'moved'));
    file.write('b');
    file.reopen();
    file.write('c');
    expect([read('moved'), read('agent.log')]).toEqual(['a\nb\n', 'c\n']);
    file.close();
  });

  it('goes on as soon as its folder is back', () => {
    const own = path.join(dir, 'logs');
    const file = new LogFile(settings({ path: path.join(own, 'agent.log'), rotateBytes: 2 }), manualClock());
    file.write('aa');
    fs.renameSync(own, path.join(dir, 'gone'));
    file.reopen();
    file.write('bb');
    fs.mkdirSync(own);
    file.write('cc');
    expect(read('logs/agent.log')).toBe('cc\n');
    file.close();
  });

  it('is refused for a folder that is not written as one', () => {
    expect(() => new LogFile(settings({ path: dir }), manualClock())).toThrow(
      `log_file: ${dir} is a folder; write ${dir}/ for a file in it`,
    );
  });

  it('is refused where it cannot be written', () => {
    fs.writeFileSync(path.join(dir, 'x'), '');
    expect(() => new LogFile(settings({ path: path.join(dir, 'x', 'y.log') }), manualClock())).toThrow(
      /^log_file: /,
    );
  });
});
