/**
 * What a text between double quotes means: the escapes of Go's string literals, no others. A pattern like "\\." has
 * two backslashes there, or stands between backticks, where nothing is an escape.
 *
 * Octets of \x and \ooo are UTF-8 together; what is none becomes U+FFFD, as half a surrogate pair does.
 */

const ESCAPE =
  /(?:\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2})+|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[abfnrtv\\]|[\\\n]/g;

const OCTET = /\\(?:x(..)|(...))/g;

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

function decodeOctets(escapes: string): string {
  const percent = escapes.replace(OCTET, (_, hex: string | undefined, octal: string) => {
    const octet = hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
    return `%${octet.toString(16).padStart(2, '0')}`;
  });
  try {
    return decodeURIComponent(percent);
  } catch {
    return percent.replace(/%../g, '\ufffd');
  }
}

function codePoint(hex: string): string | undefined {
  const code = Number.parseInt(hex, 16);
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  return code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
}

/** What an escape, or a run of octets, means; undefined when it is none. */
function meaningOf(given: string): string | undefined {
  const letter = given[1] ?? '';
  if (letter === 'u' || letter === 'U') return codePoint(given.slice(2));
  return given.length > 2 ? decodeOctets(given) : LETTERS[letter];
}

/** The text that stands between two double quotes; undefined when an escape or a line end is not allowed. Never throws. */
export function unquote(quoted: string): string | undefined {
  let isValid = true;
  const text = quoted.replace(ESCAPE, (given) => {
    const meaning = meaningOf(given);
    isValid &&= meaning !== undefined;
    return meaning ?? '';
  });
  return isValid ? text : undefined;
}
