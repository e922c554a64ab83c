/**
 * The output of a report for a TTL check, cut to what may be kept: its beginning, and how much there was (
 * Consul's words). Probes cut their own outputs, and keep the end.
 */
export function cutOutput(output: string, maxBytes: number): string {
  const bytes = Buffer.from(output, 'utf8');
  if (bytes.length <= maxBytes) return output;
  // A character that the cut would split is left out as a whole.
  const kept = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, maxBytes), {
    stream: true,
  });
  return `${kept} ... (captured ${maxBytes} of ${bytes.length} bytes)`;
}
