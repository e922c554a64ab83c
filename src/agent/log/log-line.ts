/**
 * A log line for people: `2026-11-20T13:00:00.000Z [INFO]  agent: Synced service: service=web`, as Consul's.
 *
 * Input is what pino wrote (one JSON object); fields come after the sentence in the order they were given. A line that
 * is no JSON is passed on as it is.
 */

/** Keys of what every line has, as Consul spells them. */
export const LINE_KEYS = {
  level: '@level',
  message: '@message',
  module: '@module',
  time: '@timestamp',
} as const;

const LEVEL_TAGS: Readonly<Record<string, string>> = {
  trace: '[TRACE]',
  debug: '[DEBUG]',
  info: '[INFO] ',
  warn: '[WARN] ',
  error: '[ERROR]',
  fatal: '[ERROR]',
};

/** What has a place of its own in a line. */
const PLACED: ReadonlySet<string> = new Set(Object.values(LINE_KEYS));

/** The level of a JSON line that pino wrote: `info`. */
export function levelOf(json: string): string {
  const begin = `{"${LINE_KEYS.level}":"`.length;
  return json.slice(begin, json.indexOf('"', begin));
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A control character of somebody's output must not reach the terminal of who reads the log.
  return /[\s="\p{Cc}]/u.test(text) && typeof value === 'string' ? JSON.stringify(text) : text;
}

/** What an error says. Who logs a bug gives its stack as a field of its own. */
function errorText(value: unknown): unknown {
  const isError = typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
  return isError ? (value as { message: unknown }).message : value;
}

/** The readable form of a JSON log line, without line end. Never throws. */
export function readableLine(json: string): string {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(json) as Readonly<Record<string, unknown>>;
  } catch {
    return json.trimEnd();
  }
  const text = (key: string): string => String(fields[key] ?? '');
  const rest = Object.entries(fields)
    .filter(([name, value]) => !PLACED.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${valueText(errorText(value))}`);
  const tail = rest.length === 0 ? '' : `: ${rest.join(' ')}`;
  const tag = LEVEL_TAGS[text(LINE_KEYS.level)] ?? '[INFO] ';
  return `${text(LINE_KEYS.time)} ${tag} ${text(LINE_KEYS.module)}: ${text(LINE_KEYS.message)}${tail}`;
}
