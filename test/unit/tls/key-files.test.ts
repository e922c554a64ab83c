import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endOfCertificate, readKeyFiles } from '../../../src/tls/key-files.ts';
import { CERTS, certFile, pem } from '../../support/test-certificates.ts';

const NONE = { certFile: '', keyFile: '', caFile: '', caPath: '' };
let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-keys-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

describe('the files of certificates', () => {
  it('are nothing when none is named', async () => {
    expect(await readKeyFiles(NONE)).toEqual({ certificate: '', key: '', authorities: [] });
  });

  it('give the texts of all', async () => {
    const files = {
      ...NONE,
      certFile: certFile('server'),
      keyFile: certFile('server-key'),
      caFile: certFile('ca'),
    };
    const material = await readKeyFiles(files);
    expect(material).toEqual({
      certificate: pem('server'),
      key: pem('server-key'),
      authorities: [pem('ca')],
    });
    expect(endOfCertificate(material)).toBe(Date.parse('2126-10-28T14:13:26Z'));
  });

  it('are every file of a folder, and a file goes before it', async () => {
    const caPath = path.join(CERTS, 'both');
    expect((await readKeyFiles({ ...NONE, caPath })).authorities).toHaveLength(2);
    expect((await readKeyFiles({ ...NONE, caPath, caFile: certFile('ca') })).authorities).toHaveLength(1);
  });

  it.each([
    [
      'key_file',
      { certFile: certFile('server'), keyFile: certFile('client-key') },
      'does not go with cert_file',
    ],
    ['cert_file', { certFile: '/none.pem', keyFile: certFile('server-key') }, 'no such file or directory'],
    [
      'cert_file',
      { certFile: certFile('server-key'), keyFile: certFile('server-key') },
      'holds no certificate',
    ],
    ['key_file', { certFile: certFile('server') }, 'is missing'],
    ['cert_file', { keyFile: certFile('server-key') }, 'is missing'],
    ['ca_file', { caFile: certFile('server-key') }, 'holds no certificate'],
    ['ca_path', { caPath: '/none' }, 'no such file or directory'],
  ])('are refused by the name of %s when something is wrong with it', async (option, files, why) => {
    const refused = readKeyFiles({ ...NONE, ...files });
    await expect(refused).rejects.toThrow(why);
    await expect(refused).rejects.toMatchObject({ code: 'config_invalid' });
    await expect(refused).rejects.toThrow(new RegExp(`^${option}: `));
  });

  it('show nothing of what they hold', async () => {
    const keyFile = path.join(dir, 'key.pem');
    fs.writeFileSync(keyFile, '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n');
    const files = { ...NONE, certFile: certFile('server'), keyFile };
    const text = await readKeyFiles(files).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(text).toContain(keyFile);
    expect(text).not.toMatch(/c2VjcmV0|PRIVATE/);
  });
});
