import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../../src/agent/make-folder.ts';
import { systemErrorText } from '../../../src/lib/system-error.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-folder-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function whyNot(folder: string): string {
  try {
    makeFolder(folder);
    return '';
  } catch (error) {
    return systemErrorText(error);
  }
}

describe('makeFolder', () => {
  it('makes what is missing on the way, and takes what is there', () => {
    makeFolder(path.join(dir, 'a', 'b', 'c'));
    makeFolder(path.join(dir, 'a', 'b', 'c'));
    expect(fs.statSync(path.join(dir, 'a/b/c')).isDirectory()).toBe(true);
  });

  it('gives its mode to the folder that was asked for, to no other', () => {
    makeFolder(path.join(dir, 'a', 'b'), 0o700);
    makeFolder(path.join(dir, 'a'), 0o700);
    const modeOf = (name: string) => fs.statSync(path.join(dir, name)).mode & 0o777;
    expect([modeOf('a/b'), modeOf('a')]).toEqual([0o700, 0o777 & ~process.umask()]);
  });

  it('says what the system says, also where Node would try for ever', () => {
    fs.writeFileSync(path.join(dir, 'file'), '');
    expect(whyNot(path.join(dir, 'file', 'sub'))).toBe('file already exists');
    expect(whyNot('/proc/none/sub')).toBe('no such file or directory');
  });
});
