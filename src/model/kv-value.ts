/**
 * The value of a key: octets, kept outside of the JavaScript heap once they are more than a few.
 *
 * As JSON it is base64, as in the API and in stores. A value owns its memory: a slice of a larger buffer would keep all
 * of that alive. Never changed.
 */

/** Below it the object around octets of their own would be larger than they are; they stay text then. */
const MIN_OWN_BYTES = 512;

export class KvValue {
  /** Octets, or a short value's base64. */
  readonly kept: Uint8Array | string;

  private constructor(kept: Uint8Array | string) {
    this.kept = kept;
  }

  /** Octets as a value; null, as Consul has it, for none. */
  static of(octets: Uint8Array): KvValue | null {
    if (octets.length === 0) return null;
    if (octets.length < MIN_OWN_BYTES) return new KvValue(base64Of(octets));
    return new KvValue(Uint8Array.from(octets));
  }

  /** Base64 as a value; null and '' for none. What is a value already stays what it is. */
  static from(value: KvValue | string | null): KvValue | null {
    if (value === null || value instanceof KvValue) return value;
    const bytes = Buffer.byteLength(value, 'base64');
    return bytes > 0 && bytes < MIN_OWN_BYTES ? new KvValue(value) : KvValue.of(Buffer.from(value, 'base64'));
  }

  /** Number of octets. */
  get size(): number {
    return typeof this.kept === 'string' ? Buffer.byteLength(this.kept, 'base64') : this.kept.length;
  }

  octets(): Buffer {
    const { kept } = this;
    return typeof kept === 'string'
      ? Buffer.from(kept, 'base64')
      : Buffer.from(kept.buffer, kept.byteOffset, kept.length);
  }

  equals(other: unknown): boolean {
    if (!(other instanceof KvValue)) return false;
    if (typeof this.kept === 'string' || typeof other.kept === 'string') return this.kept === other.kept;
    return this.octets().equals(other.kept);
  }

  /** Base64. */
  toJSON(): string {
    return typeof this.kept === 'string' ? this.kept : base64Of(this.kept);
  }

  toString(): string {
    return this.toJSON();
  }
}

function base64Of(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64');
}
