/**
 * Proof that both ends of a connection know the shared secret, where certificates are those of files and say nothing of it.
 *
 * A code over what only the two ends of this very TLS connection know (RFC 5705, RFC 9266), so a proof is worth nothing on another
 * one. It is the first call of a connection; any other call before it ends the connection.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** Where the proof is sent, and the header that holds it. */
export const PROOF_PATH = '/:proof';
export const PROOF_HEADER = 'rollcall-proof';

const LABEL = 'EXPORTER-rollcall-secret';
const EXPORTED_BYTES = 32;

/** What one side says; base64. */
export function proofOf(
  secret: Uint8Array,
  socket: Pick<TLSSocket, 'exportKeyingMaterial'>,
  side: 'caller' | 'called',
): string {
  const exported = socket.exportKeyingMaterial(EXPORTED_BYTES, LABEL, Buffer.from(side));
  return createHmac('sha256', secret).update(side).update(exported).digest('base64');
}

/** Whether it is what that side has to say. Takes the same time whatever it is. */
export function isProof(given: unknown, expected: string): boolean {
  const [one, other] = [Buffer.from(String(given)), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
