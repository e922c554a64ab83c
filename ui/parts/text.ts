/** Values as text for people: numbers, durations, addresses, base64. Pure. */

const FORMAT = new Intl.NumberFormat('en');

export function count(value: number): string {
  return FORMAT.format(value);
}

/** `plural(1, 'check')` is "1 check", `plural(2, 'check')` "2 checks". */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** The largest fitting unit: "45 s", "3 min", "2 h", "5 d". */
export function elapsed(ms: number): string {
  for (const [unitMs, name] of UNITS) if (ms >= unitMs) return `${Math.floor(ms / unitMs)} ${name}`;
  return '0 s';
}

/** A latency in ms with three significant digits: "0.042 ms", "12.3 ms", "1.20 s". */
export function latency(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toPrecision(3)} s`;
  return ms >= 0.1 || ms === 0
    ? `${Number(ms.toPrecision(3))} ms`
    : `${Number((ms * 1_000).toPrecision(3))} µs`;
}

/** A duration as Go writes it, short: "33 ms", "18.8 s", "1m3s"; "not heard" for one below zero. */
export function contact(text: string): string {
  if (text.startsWith('-')) return 'not heard';
  const [, amount = '', unit = ''] = /^([\d.]+)(ms|s|µs|ns)$/.exec(text) ?? [];
  if (unit === 'ms') return `${Math.round(Number(amount))} ms`;
  if (unit === 's') return `${Number(Number(amount).toFixed(1))} s`;
  return unit === '' ? text.replace(/\.\d+s$/, 's') : '0 ms';
}

export function rate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond >= 100) return count(Math.round(perSecond));
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1);
}

export function bytes(size: number): string {
  if (size < 1_024) return `${size} B`;
  return size < 1_048_576 ? `${(size / 1_024).toFixed(1)} KiB` : `${(size / 1_048_576).toFixed(1)} MiB`;
}

/** `address:port`, with brackets around IPv6; the port is left out when there is none. */
export function endpoint(address: string, port: number): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === 0 ? address : `${host}:${port}`;
}

/** `text` as one word of a POSIX shell, in quotes where it needs them. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Words between commas, without the empty ones. */
export function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

export type Decoded =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

/** Base64 to text when it is UTF-8, otherwise the bytes. */
export function decodeBase64(base64: string): Decoded {
  const raw = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw) };
  } catch {
    return { kind: 'binary', bytes: raw };
  }
}

/** As many as fit into a line of the inspector and of a phone. */
const DUMPED_A_LINE = 8;

/** Offsets, hex and characters, at most `limit` bytes. */
export function hexDump(raw: Uint8Array, limit = 512): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(raw.length, limit); at += DUMPED_A_LINE) {
    const row = [...raw.slice(at, Math.min(at + DUMPED_A_LINE, limit))];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '·')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * DUMPED_A_LINE - 1)}  ${text}`);
  }
  return lines.join('\n');
}

/** Text order as people expect it: web-2 before web-10. */
const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

export function byText(a: string, b: string): number {
  return COLLATOR.compare(a, b);
}
