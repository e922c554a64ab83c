// The start command of this repository's own agent, for replay.mjs and verify.mjs.
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
export const ownCommand = `'${process.execPath}' '${launcher}' agent -dev -config-file {config}`;
