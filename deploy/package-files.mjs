/**
 * What the published package has and a checkout has not: the manual page, the exact versions of the run-time packages, and a
 * package.json without what only a checkout does (npm asks whoever installs a package about its scripts).
 * `npm pack` calls this before (`make`) and after (`clean`).
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SHRINKWRAP = path.join(root, 'npm-shrinkwrap.json');
const MANIFEST = path.join(root, 'package.json');
/** The manifest of the checkout, while a package is made. */
const KEPT_MANIFEST = `${MANIFEST}.checkout`;
const MAN_PAGE = path.join(root, 'dist', 'rollcall.1');

/** The lockfile without what only a checkout installs. */
function shrinkwrap() {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const packages = Object.entries(lock.packages).filter(([, { dev, devOptional }]) => !dev && !devOptional);
  const { devDependencies: _, ...self } = lock.packages[''];
  return { ...lock, packages: { ...Object.fromEntries(packages), '': self } };
}

function stripManifest() {
  fs.copyFileSync(MANIFEST, KEPT_MANIFEST);
  const {
    scripts: _,
    devDependencies: __,
    allowScripts: ___,
    overrides: ____,
    ...published
  } = JSON.parse(fs.readFileSync(MANIFEST, 'utf8'));
  fs.writeFileSync(MANIFEST, `${JSON.stringify(published, null, 2)}\n`);
}

function restoreManifest() {
  if (fs.existsSync(KEPT_MANIFEST)) fs.renameSync(KEPT_MANIFEST, MANIFEST);
}

function clean() {
  restoreManifest();
  fs.rmSync(SHRINKWRAP, { force: true });
}

function make() {
  fs.writeFileSync(SHRINKWRAP, `${JSON.stringify(shrinkwrap(), null, 2)}\n`);
  fs.writeFileSync(MAN_PAGE, execFileSync(process.execPath, [path.join(root, 'dist/cli/main.js'), 'man']));
  stripManifest();
}

const STEPS = { make, clean };
const step = STEPS[process.argv[2] ?? ''];
if (!step) throw new Error(`say what to do: ${Object.keys(STEPS).join(' or ')}`);
step();
