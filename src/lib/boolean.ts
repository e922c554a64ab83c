/**
 * Booleans as the Go standard library reads them: 1, t, T, TRUE, true, True and their opposites, nothing else.
 *
 * Source: pkg.go.dev/strconv#ParseBool.
 */

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

/** A boolean text, or undefined when it is none. Never throws. */
export function parseBoolean(text: string): boolean | undefined {
  return BOOLEANS.get(text);
}
