#!/usr/bin/env node
// Runs recorded scenarios against a server and compares its answers with the recorded ones.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCases, runAll, printDiffs, parseArgs, globMatch } from './lib/runner.mjs';
import { ownCommand } from './own-command.mjs';
import { allowList } from './lib/compare.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const o = parseArgs(process.argv.slice(2), { cmd: ownCommand, jobs: 2 });
if (!o.paths.length) o.paths.push(path.join(here, 'cases'));
if (o.help) {
  console.log("usage: node replay.mjs [--cmd 'TEMPLATE'] [--only GLOB]... [--json FILE] [--jobs N] [--fresh] [--as-recorded] [--quiet] [cases/...]");
  process.exit(0);
}
const cases = loadCases(o.paths).filter((c) => globMatch(o.only, c.id));
const results = [];
const t0 = Date.now();
await runAll(cases, { cmd: o.cmd, jobs: o.jobs, fresh: o.fresh, asRecorded: o.asRecorded, allow: allowList(path.join(here, 'allow-extra.json')) }, (c, diffs, ms) => {
  results.push({ id: c.id, title: c.title, ok: !diffs.length, ms, diffs });
  if (!o.quiet || diffs.length) console.log(`${diffs.length ? 'FAIL' : 'ok  '} ${c.id} (${(ms / 1000).toFixed(1)}s) ${c.title}`);
  if (diffs.length) printDiffs(diffs);
});
const failed = results.filter((r) => !r.ok).length;
if (o.json) fs.writeFileSync(o.json, JSON.stringify({ passed: results.length - failed, failed, seconds: (Date.now() - t0) / 1000, results: results.sort((a, b) => (a.id < b.id ? -1 : 1)) }, null, 1));
console.log(`total time ${((Date.now() - t0) / 1000).toFixed(0)} s`);
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
