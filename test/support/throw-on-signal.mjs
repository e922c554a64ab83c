// @ts-check
/**
 * Loaded into an agent with `--import`, it makes the bugs that an agent has to survive: SIGWINCH throws in a callback that
 * nobody guards and lets a promise reject. With THROW_AT_START the first socket that listens does it, before the agent has
 * started.
 */
import net from 'node:net';
import { isMainThread } from 'node:worker_threads';

function throwAtStart() {
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function listenAndThrow(/** @type {any[]} */ ...args) {
    process.nextTick(() => {
      throw new Error('a bug while starting');
    });
    return listen.apply(this, /** @type {any} */ (args));
  };
}

if (isMainThread) {
  process.on('SIGWINCH', () => {
    void Promise.reject(new Error('a promise that nobody awaits'));
    throw new Error('a callback that nobody guards');
  });
  if (process.env['THROW_AT_START'] !== undefined) throwAtStart();
}
