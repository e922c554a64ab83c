// @ts-check
/**
 * `npm run package:deb`: a Debian package with everything that it needs: the built program, its run-time packages, and the Node of
 * this checkout, so that it installs wherever glibc is, without a registry. It is for the architecture of the machine that makes it.
 *
 * It is made from what `npm pack` makes, so that both hold the same files. The same checkout gives the same package.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const target = path.resolve(process.argv[2] ?? root);

/** @type {Readonly<Record<string, string>>} Node's words for architectures, and Debian's. */
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const architecture = ARCHITECTURES[process.arch];
if (architecture === undefined) throw new Error(`no package for ${process.arch}`);

/** @type {{ version: string, description: string }} */
const { version, description } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-deb-'));
const tree = path.join(work, 'tree');
const program = path.join(tree, 'usr/lib/rollcall');

/** @param {string} file @param {string | Uint8Array} content @param {number} mode */
function write(file, content, mode = 0o644) {
  const full = path.join(tree, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, content);
  fs.chmodSync(full, mode);
}

/** What `npm pack` makes, unpacked. */
function unpackProgram() {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', work], { cwd: root, stdio: 'pipe' });
  fs.mkdirSync(program, { recursive: true });
  const archive = path.join(work, `rollcall-${version}.tgz`);
  execFileSync('tar', ['-xzf', archive, '-C', program, '--strip-components=1']);
  for (const other of fs.readdirSync(path.join(program, 'native')))
    if (other !== `linux-${process.arch}.node`) fs.rmSync(path.join(program, 'native', other));
}

/** What of a package nothing loads at run time; licences are kept. */
const UNUSED = /(?<!\/LICENSE)\.(?:[cm]?ts|map|md|c|cc|cpp|h|gypi?)$/;

/** The run-time packages that the lock names, as this checkout has them, without sources and other systems' binaries. */
function copyPackages() {
  const lock = path.join(program, 'npm-shrinkwrap.json');
  /** @type {{ packages: Record<string, { optional?: boolean }> }} */
  const { packages } = JSON.parse(fs.readFileSync(lock, 'utf8'));
  for (const [key, { optional }] of Object.entries(packages)) {
    if (key === '' || (optional && !fs.existsSync(path.join(root, key)))) continue;
    const nested = path.join(root, key, 'node_modules');
    fs.cpSync(path.join(root, key), path.join(program, key), {
      recursive: true,
      dereference: true,
      filter: (source) => !source.startsWith(nested) && !UNUSED.test(source),
    });
  }
  fs.rmSync(lock);
  const sqlite = path.join(program, 'node_modules/better-sqlite3');
  for (const folder of ['deps', 'src', 'binding.gyp'])
    fs.rmSync(path.join(sqlite, folder), { recursive: true, force: true });
  for (const binary of fs.readdirSync(path.join(sqlite, 'prebuilds')))
    if (binary !== `linux-${process.arch}.node`) fs.rmSync(path.join(sqlite, 'prebuilds', binary));
}

/** The Node that runs it, from this checkout, and the command that starts it. */
function addRuntime() {
  const node = path.join(program, 'node');
  fs.copyFileSync(fs.realpathSync(path.join(root, 'node_modules/node/bin/node')), node);
  fs.chmodSync(node, 0o755);
  write('usr/bin/rollcall', fs.readFileSync(path.join(here, 'rollcall.sh')), 0o755);
}

function addDocuments() {
  /** @param {readonly string[]} args */
  const say = (...args) =>
    execFileSync(process.execPath, [path.join(program, 'bin/rollcall.js'), ...args], { encoding: 'utf8' });
  write('usr/share/man/man1/rollcall.1.gz', gzipSync(say('man'), { level: 9 }));
  fs.rmSync(path.join(program, 'dist/rollcall.1'), { force: true });
  write('usr/share/bash-completion/completions/rollcall', say('completion', 'bash'));
  const licence = fs.readFileSync(path.join(program, 'LICENSE'), 'utf8');
  const packages =
    'Packages below /usr/lib/rollcall/node_modules carry their own licences in their folders.\n';
  const node = 'Node.js: MIT, https://github.com/nodejs/node/blob/main/LICENSE\n';
  write('usr/share/doc/rollcall/copyright', `rollcall: Apache-2.0\n${node}${packages}\n${licence}`);
}

/** The unit of deploy/, whose role comes from the configuration here, and the folders that belong to the administrator. */
function addService() {
  const unit = fs.readFileSync(path.join(root, 'deploy/systemd/rollcall.service'), 'utf8');
  const own = unit
    .replace(/^(?:#.*\n)+\n/, '')
    .replace('/usr/bin/env rollcall agent -server -ui', '/usr/bin/rollcall agent');
  if (own.includes('-server') || own.includes('/usr/bin/env'))
    throw new Error('the unit of deploy/systemd starts otherwise');
  write('usr/lib/systemd/system/rollcall.service', own);
  write('etc/rollcall.d/rollcall.json', fs.readFileSync(path.join(here, 'rollcall.json')));
}

/** Sum of the sizes of files, in KiB. @param {string} folder @returns {number} */
function sizeOf(folder) {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true }).reduce((sum, entry) => {
    const { size } = fs.lstatSync(path.join(entry.parentPath, entry.name));
    return sum + (entry.isFile() ? Math.ceil(size / 1024) : 0);
  }, 0);
}

function addControl() {
  const control = [
    'Package: rollcall',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The rollcall project <rollcall@localhost>',
    `Installed-Size: ${sizeOf(tree)}`,
    'Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1, passwd',
    'Recommends: etcd-server',
    'Section: net',
    'Priority: optional',
    `Description: ${description}`,
    ' A registry of services that answers over DNS and HTTP, with health checks, a page,',
    ' and the protocols of a Consul server. Several servers need etcd-server beside it.',
    '',
  ];
  write('DEBIAN/control', control.join('\n'));
  write('DEBIAN/conffiles', '/etc/rollcall.d/rollcall.json\n');
  for (const script of ['postinst', 'prerm', 'postrm'])
    write(`DEBIAN/${script}`, fs.readFileSync(path.join(here, script)), 0o755);
}

/** One moment for every file, and nothing that others may write. */
function settle() {
  process.env['SOURCE_DATE_EPOCH'] ??= execFileSync('git', ['log', '-1', '--format=%ct'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', tree]);
}

try {
  unpackProgram();
  copyPackages();
  addRuntime();
  addDocuments();
  addService();
  addControl();
  settle();
  const file = path.join(target, `rollcall_${version}_${architecture}.deb`);
  const compression = process.env['DEB_COMPRESSION'] ?? 'xz';
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', `-Z${compression}`, tree, file], {
    stdio: 'pipe',
  });
  process.stdout.write(`${file}\n`);
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
