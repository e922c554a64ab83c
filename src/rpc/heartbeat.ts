/**
 * Whether the other end of a connection is alive: it is pinged once a second, and who stays silent for three is gone.
 *
 * Any pong counts, and tells how long the way there and back takes. A process that is stopped keeps its sockets open, so only silence tells; both ends watch for
 * themselves, because a connection can be cut in one direction.
 */
import type { Http2Session } from 'node:http2';
import type { Clock, Timer } from '../lib/clock.ts';

const HEARTBEAT_MS = 1_000;
const SILENCE_MS = 3_000;

export interface Heartbeat {
  /** When the other end was heard last, on the monotonic clock. */
  heardMs(): number;
  /** The newest round trip in ms; undefined when there was none since it was taken last. */
  takeRoundTripMs(): number | undefined;
  /** For how long it has been silent, in ms, without the time in which this process did not listen. */
  silentMs(): number;
}

/** Ping a session until it closes; `onSilent` is called once, when nothing was heard for `SILENCE_MS`. */
export function watchHeartbeat(session: Http2Session, clock: Clock, onSilent: () => void): Heartbeat {
  let roundTripMs: number | undefined;
  let heardMs = clock.monotonic();
  /** As `heardMs`, without the time in which this process did not listen. */
  let silentSinceMs = heardMs;
  let dueMs = heardMs + HEARTBEAT_MS;
  let timer: Timer | undefined;
  const beat = (): void => {
    if (session.destroyed || session.closed) return;
    const nowMs = clock.monotonic();
    // What was heard meanwhile is still to be read: a stall of our own is no silence of theirs.
    silentSinceMs += Math.max(nowMs - dueMs, 0);
    dueMs = nowMs + HEARTBEAT_MS;
    if (nowMs - silentSinceMs >= SILENCE_MS) {
      onSilent();
      return;
    }
    // false: too many pings are under way already, and one of those will do
    session.ping((error, durationMs) => {
      if (error !== null) return;
      roundTripMs = durationMs;
      heardMs = clock.monotonic();
      silentSinceMs = heardMs;
    });
    timer = clock.after(HEARTBEAT_MS, beat);
  };
  session.once('close', () => timer?.cancel());
  timer = clock.after(HEARTBEAT_MS, beat);
  return {
    heardMs: () => heardMs,
    takeRoundTripMs: () => {
      const taken = roundTripMs;
      roundTripMs = undefined;
      return taken;
    },
    silentMs: () => {
      const nowMs = clock.monotonic();
      return nowMs - silentSinceMs - Math.max(nowMs - dueMs, 0);
    },
  };
}
