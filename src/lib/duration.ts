/**
 * Durations as the Go standard library writes them: "10s", "1m30s", "1.5h", "100ms", "-2s", "0".
 *
 * There is no unit for days: "1d" is not a duration. Milliseconds are the unit inside rollcall;
 * fractions survive (1µs is 0.001). Source: pkg.go.dev/time#ParseDuration.
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const WHOLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/u;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gu;

/** Milliseconds of a duration text, or undefined when it is not one. Never throws. */
export function parseDuration(text: string): number | undefined {
  if (text === '0' || text === '+0' || text === '-0') return 0;
  if (text.length > 100 || !WHOLE.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount = '0', unit = 's'] of text.matchAll(PART))
    totalMs += Number(amount) * (UNIT_MS[unit] ?? 0);
  return text.startsWith('-') ? -totalMs : totalMs;
}

function fraction(value: number): string {
  return String(Number(value.toFixed(9)));
}

/** The text that Go prints for a duration of `ms` milliseconds: "1m30s", "1.5s", "100ms", "0s". Never throws. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1e-3) return `${fraction(ms * 1e6)}ns`;
  if (ms < 1) return `${fraction(ms * 1e3)}µs`;
  if (ms < 1_000) return `${fraction(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = fraction((ms % 60_000) / 1_000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
