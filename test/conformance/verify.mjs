#!/usr/bin/env node
// Runs the whole corpus against this repository's own agent and holds it to expected-later.json.
//
// A scenario that is not in that list has to pass. One that is in it has to fail: when it passes, the list
// is out of date and the line has to go, so that the list only ever shrinks. A name in the list that is no
// scenario is an error too. `--json FILE` writes the counts.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCases, runAll, printDiffs } from './lib/runner.mjs';
import { allowList } from './lib/compare.mjs';
import { ownCommand } from './own-command.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const later = new Map(
  Object.entries(JSON.parse(fs.readFileSync(path.join(here, 'expected-later.json'), 'utf8'))).flatMap(([why, ids]) => ids.map((id) => [id, why])),
);
const cases = loadCases([path.join(here, 'cases')]);
const byFolder = new Map();
const wrong = [];

function count(id, field) {
  const folder = id.split('/')[0];
  if (!byFolder.has(folder)) byFolder.set(folder, { passed: 0, later: 0, failed: 0 });
  byFolder.get(folder)[field]++;
}

await runAll(cases, { cmd: ownCommand, jobs: 2, allow: allowList(path.join(here, 'allow-extra.json')) }, (c, diffs, ms) => {
  const why = later.get(c.id);
  const ok = diffs.length === 0;
  if (ok !== (why === undefined)) {
    count(c.id, 'failed');
    wrong.push(c.id);
    console.log(`FAIL ${c.id} (${(ms / 1000).toFixed(1)}s) ${ok ? `passes, but expected-later.json lists it under "${why}"` : c.title}`);
    printDiffs(diffs);
  } else count(c.id, ok ? 'passed' : 'later');
});

for (const id of later.keys()) {
  if (cases.some((c) => c.id === id)) continue;
  wrong.push(id);
  console.log(`FAIL ${id} is in expected-later.json, but there is no such scenario`);
}
for (const [folder, n] of byFolder) console.log(`${folder.padEnd(8)} ${n.passed} passed, ${n.failed} failed, ${n.later} of capabilities not yet built`);
const passed = [...byFolder.values()].reduce((sum, n) => sum + n.passed, 0);
const waiting = [...byFolder.values()].reduce((sum, n) => sum + n.later, 0);
console.log(`conformance: ${passed} passed, ${wrong.length} failed, ${waiting} of capabilities not yet built`);
const [option, file] = process.argv.slice(2);
if (option === '--json') fs.writeFileSync(file, JSON.stringify({ passed, failed: wrong.length, waiting }));
process.exit(wrong.length ? 1 : 0);
