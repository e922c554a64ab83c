/** The part of dns-packet that tests use; the package has no types of its own. */
declare module 'dns-packet' {
  interface DecodedRecord {
    readonly type: string;
    readonly name: string;
    readonly ttl?: number;
    readonly data?: unknown;
    readonly options?: readonly { readonly code: number; readonly data: Uint8Array }[];
  }
  interface DecodedPacket {
    readonly id: number;
    readonly rcode: string;
    readonly flags: number;
    readonly questions?: readonly { readonly name: string; readonly type: string; readonly class: string }[];
    readonly answers?: readonly DecodedRecord[];
    readonly authorities?: readonly DecodedRecord[];
    readonly additionals?: readonly DecodedRecord[];
  }
  const dnsPacket: {
    decode(packet: Uint8Array): DecodedPacket;
    encode(packet: object): Buffer;
  };
  export default dnsPacket;
}
