/**
 * `node:http` as CommonJS gets it.
 *
 * An ES import of it binds every export by reading it, and one of them loads the whole of undici: 50 ms of processor time
 * at every start, for nothing that is used here. Types come by `import type http from 'node:http'`.
 */
export const builtinHttp = process.getBuiltinModule('node:http');
