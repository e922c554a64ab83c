/**
 * Entry of a DNS thread: a copy of the rows, a handler over it, and UDP sockets: those that the main
 * thread has opened for it, or, with node:dgram, sockets of its own that share their port.
 *
 * The same handler as in the main thread; only where rows, configuration and log come from differs. Nothing is written
 * here: the copy changes by what the main thread sends, in the order of the writes.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Coordinates } from '../../catalog/coordinate.ts';
import { State } from '../../catalog/state.ts';
import { TABLES } from '../../catalog/tables.ts';
import { topicsOf } from '../../catalog/topics.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { systemRandom } from '../../lib/random.ts';
import { Metrics } from '../../metrics/metrics.ts';
import { invariant } from '../../model/errors.ts';
import { countLivingServices, makeCounters } from '../counters.ts';
import { viewForDns } from '../dns-rights.ts';
import { Handler } from '../handle.ts';
import { LOOK_MS } from '../live-questions.ts';
import { makeExecuteQuery } from '../prepared.ts';
import { makeQueryLog } from '../query-log.ts';
import { QuestionSample } from '../question-sample.ts';
import { ownSocketTest } from '../upstream/own-socket.ts';
import { makeUpstream } from '../upstream/recurse.ts';
import { AskMain } from './ask-main.ts';
import type { Listener } from './endpoint.ts';
import type { FromThread, ThreadStart, ToThread } from './thread-protocol.ts';
import { makeReport } from './thread-report.ts';
import { serveBatches } from './udp-batch.ts';
import { openDgram } from './udp-dgram.ts';
import { loadUdpLibrary } from './udp-library.ts';

const REPORT_EVERY_MS = 1_000;

type ThreadLog = Pick<Logger, 'info' | 'warn' | 'error'>;

/** Log lines go to the main thread, which owns the log. */
function threadLog(port: MessagePort): ThreadLog {
  const line =
    (level: keyof ThreadLog) =>
    (fields: object, message: string): void => {
      port.postMessage({ kind: 'log', level, fields, message } satisfies FromThread);
    };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

function buildHandler(start: ThreadStart, state: State, port: MessagePort, metrics: Metrics) {
  const main = new AskMain(start.datacenters, (id, question) =>
    port.postMessage({ kind: 'ask', id, question } satisfies FromThread),
  );
  let config = start.config;
  const log = threadLog(port);
  const counters = makeCounters(metrics);
  countLivingServices(metrics, state.view);
  const [clock, random, { view }] = [systemClock, systemRandom, state];
  const sample = new QuestionSample(clock, random);
  const isSelf = ownSocketTest(start.addresses, () => start.port);
  const coordinates = new Coordinates(view, start.nodeName);
  const distance = (from: string, to: string): number => coordinates.distance(from, to);
  const handler = new Handler({
    view: viewForDns(view, () => config),
    config: () => config,
    clock,
    random,
    log,
    counters,
    executeQuery: makeExecuteQuery({
      view,
      config: () => config,
      nodeName: start.nodeName,
      distance,
      random,
    }),
    elsewhere: main.elsewhere,
    upstream: makeUpstream({ clock, random, counters, isSelf }),
    queryLog: makeQueryLog(log, random, sample),
  });
  const setConfig = (next: ThreadStart['config']): void => {
    config = next;
  };
  return { handler, log, counters, setConfig, sample, main };
}

type Built = ReturnType<typeof buildHandler>;

async function listen(
  start: ThreadStart,
  { handler, log, counters }: Built,
): Promise<Pick<Listener, 'close'>[]> {
  const { port, addresses, sockets } = start;
  if (sockets === null) {
    const parts = { handler, log, isShared: true };
    return Promise.all(addresses.map((address) => openDgram({ address, port }, parts)));
  }
  const library = loadUdpLibrary();
  invariant(typeof library !== 'string', 'the main thread has opened these sockets with the library');
  const parts = { library, handler, counters, log, clock: systemClock };
  return sockets.map((socket) => {
    const stop = serveBatches(socket, parts);
    return { close: async () => stop() };
  });
}

/** Send what is sampled while it is watched. */
function sampleWatch(sample: QuestionSample, say: (message: FromThread) => void): (isOn: boolean) => void {
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    const batch = sample.take();
    if (batch.seen > 0) say({ kind: 'questions', batch });
  };
  return (isOn) => {
    clearInterval(timer);
    sample.watch(isOn);
    if (isOn) timer = setInterval(tell, LOOK_MS);
  };
}

async function serve(port: MessagePort, start: ThreadStart): Promise<void> {
  const say = (message: FromThread): void => port.postMessage(message);
  const state = new State(TABLES);
  state.load(start.rows, start.index);
  const metrics = new Metrics();
  const built = buildHandler(start, state, port, metrics);
  const { handler, setConfig, sample, main } = built;
  const report = makeReport(metrics);
  const watch = sampleWatch(sample, say);
  watch(start.isWatched);
  let listeners: Pick<Listener, 'close'>[] = [];
  const timer = setInterval(() => say({ kind: 'counted', counted: report() }), REPORT_EVERY_MS);

  async function stop(): Promise<void> {
    clearInterval(timer);
    watch(false);
    say({ kind: 'counted', counted: report() });
    await Promise.all(listeners.map((listener) => listener.close()));
    port.close();
  }

  port.on('message', (message: ToThread) => {
    if (message.kind === 'write') {
      const applied = state.install(message.changes, message.index);
      handler.invalidate(topicsOf(applied, state.view));
    } else if (message.kind === 'config') setConfig(message.config);
    else if (message.kind === 'watch') watch(message.isOn);
    else if (message.kind === 'datacenters') main.setNames(message.names);
    else if (message.kind === 'told') main.told(message.id, message.told);
    else void stop();
  });
  try {
    listeners = await listen(start, built);
    say({ kind: 'listening' });
  } catch (cause) {
    const { code = '', address = '', message } = cause as NodeJS.ErrnoException & { address?: string };
    say({ kind: 'refused', code, address, message });
    await stop();
  }
}

invariant(parentPort !== null, 'this file is started as a worker');
await serve(parentPort, workerData as ThreadStart);
