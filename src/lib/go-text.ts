/**
 * What Go's standard library says about texts that it cannot parse; clients of Consul know these sentences.
 *
 * Only for texts that were found to be wrong; nothing here decides what is right. Never throws.
 */

const UNIT = /^(?:ns|us|µs|μs|ms|s|m|h)$/u;
const PART = /^(\d+\.?\d*|\.\d+)([^\d.]*)/u;

/** The sentence for a text that is no duration. Source: pkg.go.dev/time#ParseDuration. */
export function explainDuration(text: string): string {
  const quoted = JSON.stringify(text);
  let rest = text.replace(/^[+-]/u, '');
  while (rest !== '') {
    const part = PART.exec(rest);
    if (!part) break;
    const [whole, , unit = ''] = part;
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (!UNIT.test(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    rest = rest.slice(whole.length);
  }
  return `time: invalid duration ${quoted}`;
}

/** The sentence for a text that is no number of the kind that `fn` parses (`ParseUint`, `Atoi`). */
export function explainNumber(fn: 'ParseUint' | 'Atoi', text: string): string {
  const isDigits = (fn === 'Atoi' ? /^[+-]?\d+$/ : /^\d+$/).test(text);
  return `strconv.${fn}: parsing ${JSON.stringify(text)}: ${isDigits ? 'value out of range' : 'invalid syntax'}`;
}

/** The sentence for a text that is no boolean. */
export function explainBoolean(text: string): string {
  return `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
}
