/**
 * Entry of the probe thread: runs what the main thread asks for and sends the results back.
 *
 * When to run, when to give up and what a result means is decided by the scheduler in the main thread; nothing is
 * remembered here but the runs under way.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { keepCompiledCode } from '../lib/thread-env.ts';
import { invariant } from '../model/errors.ts';
import type { PolledKind, Probe, ProbeResult } from './check.ts';
import type { CheckIdentity } from './dial.ts';
import type { FromProbeThread, ToProbeThread } from './probe-protocol.ts';
import { makeProbes } from './probes.ts';

function serve(port: MessagePort): void {
  let identity = workerData as CheckIdentity | undefined;
  const probes = makeProbes(() => identity);
  const running = new Map<number, AbortController>();
  let ended: FromProbeThread[] = [];

  function tell(message: FromProbeThread): void {
    running.delete(message.id);
    if (ended.push(message) > 1) return;
    setImmediate(() => {
      const messages = ended;
      ended = [];
      port.postMessage(messages);
    });
  }

  function run({ id, spec, timeoutMs, outputMaxBytes }: Extract<ToProbeThread, { kind: 'run' }>): void {
    const controller = new AbortController();
    running.set(id, controller);
    const probe = probes[spec.kind] as Probe<PolledKind>;
    probe(spec, { timeoutMs, outputMaxBytes, signal: controller.signal }).then(
      (result: ProbeResult) => tell({ id, result }),
      (bug: unknown) => tell({ id, fault: String(bug) }),
    );
  }

  /** Ends this thread, not the process; programs of runs under way are killed first. */
  function stop(): void {
    for (const controller of running.values()) controller.abort();
    process.exit();
  }

  port.on('message', (messages: readonly ToProbeThread[]) => {
    for (const message of messages) {
      if (message.kind === 'run') run(message);
      else if (message.kind === 'abort') running.get(message.id)?.abort();
      else if (message.kind === 'identity') identity = message.identity;
      else stop();
    }
  });
}

invariant(parentPort !== null, 'this file is started as a worker');
keepCompiledCode();
serve(parentPort);
