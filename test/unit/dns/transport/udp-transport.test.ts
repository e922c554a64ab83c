import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadUdpLibrary, type UdpLibrary } from '../../../../src/dns/transport/udp-library.ts';
import { chooseLibrary, warnOfWildcards } from '../../../../src/dns/transport/udp-transport.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall native '));
const NAME = `${process.platform}-${process.arch}.node`;
const COMMITTED = path.join(import.meta.dirname, '../../../../native', NAME);

/** A new folder each time: Node remembers what it has loaded from a place. */
function folderWith(name: string, content: Uint8Array): URL {
  const folder = fs.mkdtempSync(path.join(scratch, 'f '));
  fs.writeFileSync(path.join(folder, name), content);
  return pathToFileURL(`${folder}/`);
}

afterAll(() => fs.rmSync(scratch, { recursive: true }));

function chosen(transport: 'auto' | 'batch' | 'dgram', load: () => UdpLibrary | string) {
  const lines: object[] = [];
  const library = chooseLibrary(transport, { info: (fields) => void lines.push(fields) }, load);
  return { library, lines };
}

describe('the library', () => {
  it.runIf(fs.existsSync(COMMITTED))('is found in a folder whose name has a blank', () => {
    const library = loadUdpLibrary(folderWith(NAME, fs.readFileSync(COMMITTED)));
    expect(library).toMatchObject({ layout: { slots: 64 } });
  });

  it('is missed with the platform, in one line', () => {
    const library = loadUdpLibrary(folderWith('another', new Uint8Array(0)));
    expect(library).toMatch(new RegExp(`^no library for ${NAME.replace('.node', '')}: [^\\n]+$`));
  });

  it('that is no library is none', () => {
    expect(loadUdpLibrary(folderWith(NAME, Buffer.from('something else')))).toMatch(/^no library for/);
  });
});

describe('the choice', () => {
  const library = {} as UdpLibrary;
  const none = (): string => 'no library for this';

  it('is the library unless node:dgram is wanted, and then nothing is said', () => {
    expect(chosen('auto', () => library)).toEqual({ library, lines: [] });
    expect(chosen('batch', () => library)).toEqual({ library, lines: [] });
    expect(chosen('dgram', () => library)).toEqual({ library: null, lines: [] });
  });

  it('is node:dgram where there is no library, which is said once', () => {
    expect(chosen('auto', none)).toEqual({ library: null, lines: [{ reason: 'no library for this' }] });
  });

  it('ends the start where batches are asked for and cannot be had', () => {
    expect(() => chosen('batch', none)).toThrow('dns_config.transport: batch: no library for this');
  });
});

it('a socket of all addresses is warned of, single addresses are not', () => {
  const lines: object[] = [];
  const log = { warn: (fields: object) => void lines.push(fields) };
  warnOfWildcards(['127.0.0.1', '::1'], log);
  warnOfWildcards(['127.0.0.1', '::'], log);
  expect(lines).toEqual([{ addresses: ['::'] }]);
});
