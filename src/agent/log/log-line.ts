/**
 * A log line for people: `2026-11-20T13:00:00.000Z [INFO]  dns: listening: address=127.0.0.1 port=8600`.
 *
 * Input is what pino wrote (one JSON object); fields come after the sentence in the order they were given. A line that
 * is no JSON is passed on as it is.
 */

const LEVEL_TAGS: Readonly<Record<number, string>> = {
  10: '[TRACE]',
  20: '[DEBUG]',
  30: '[INFO] ',
  40: '[WARN] ',
  50: '[ERROR]',
  60: '[FATAL]',
};

/** What has a place of its own in a line. */
const PLACED = new Set(['level', 'time', 'msg', 'part']);

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s="]/.test(text) && typeof value === 'string' ? JSON.stringify(text) : text;
}

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
  const time = new Date(Number(fields['time'])).toISOString();
  const part = fields['part'] === undefined ? '' : `${String(fields['part'])}: `;
  const rest = Object.entries(fields)
    .filter(([name, value]) => !PLACED.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${valueText(errorText(value))}`);
  const tail = rest.length === 0 ? '' : `: ${rest.join(' ')}`;
  return `${time} ${LEVEL_TAGS[Number(fields['level'])] ?? '[INFO] '} ${part}${String(fields['msg'] ?? '')}${tail}`;
}
