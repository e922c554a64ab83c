import fs from 'node:fs';
import dnsPacket from 'dns-packet';
import { Packet } from 'dns2';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG, RCODE, TYPE } from '../../../src/wire/constants.ts';
import { encodeReply } from '../../../src/wire/fit.ts';
import {
  decodeMessage,
  decodeQuery,
  type Message,
  type Query,
  type ResourceRecord,
  record,
} from '../../../src/wire/message.ts';
import { encodeOption, type Reply } from '../../../src/wire/message-reply.ts';
import { nameFromText, nameToText, type WireName } from '../../../src/wire/name.ts';
import { typeOf } from '../../../src/wire/rdata.ts';

const ROOM = { maxBytes: 65_535, compress: true, mayMarkTruncated: false };

function wire(text: string): WireName {
  const name = nameFromText(text);
  if (name === undefined) throw new Error(`not a name: ${text}`);
  return name;
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

function question(text: string, qtype: number): Uint8Array {
  return Uint8Array.from([...wire(text), qtype >>> 8, qtype & 0xff, 0, 1]);
}

function reply(fields: Partial<Reply>): Reply {
  return {
    id: 0x1234,
    flags: FLAG.QR | FLAG.AA,
    rcode: 0,
    question: question('web.service.consul', TYPE.A),
    answers: [],
    authority: [],
    additional: [],
    edns: null,
    ...fields,
  };
}

function encode(fields: Partial<Reply>): Uint8Array {
  const out = new Uint8Array(65_535);
  return out.slice(0, encodeReply(reply(fields), out, ROOM).length);
}

const lone = (answer: ResourceRecord) => ({ answer, addresses: [], notes: [] });

const dnsName = fc
  .array(fc.stringMatching(/^[a-z0-9-]{1,15}$/), { minLength: 1, maxLength: 5 })
  .map((labels) => wire(labels.join('.')));
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const rdata = fc.oneof(
  fc.record({ type: fc.constant(TYPE.A), address: fc.uint8Array({ minLength: 4, maxLength: 4 }) }),
  fc.record({ type: fc.constant(TYPE.AAAA), address: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
  fc.record({ type: fc.constantFrom(TYPE.NS, TYPE.CNAME, TYPE.PTR), name: dnsName }),
  fc.record({
    type: fc.constant(TYPE.TXT),
    strings: fc.array(fc.uint8Array({ maxLength: 255 }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant(TYPE.MX), preference: u16, exchange: dnsName }),
  fc.record({ type: fc.constant(TYPE.SRV), priority: u16, weight: u16, port: u16, target: dnsName }),
  fc.record({
    type: fc.constant(TYPE.SOA),
    mname: dnsName,
    rname: dnsName,
    serial: u32,
    refreshSeconds: u32,
    retrySeconds: u32,
    expireSeconds: u32,
    minimumSeconds: u32,
  }),
);
const anyRecord = fc
  .tuple(dnsName, fc.nat(0x7fffffff), rdata)
  .map(([owner, ttl, data]) => record(owner, ttl, data));

describe('replies', () => {
  it('come back from our own decoder exactly as they were, compressed or not', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 6 }),
        fc.array(anyRecord, { maxLength: 3 }),
        fc.array(anyRecord, { maxLength: 3 }),
        fc.boolean(),
        (answers, authority, additional, compress) => {
          const out = new Uint8Array(65_535);
          const fields = reply({ answers: answers.map(lone), authority, additional });
          const { length } = encodeReply(fields, out, { ...ROOM, compress });
          const message = decodeMessage(out.subarray(0, length)) as Message;
          expect(message.answers).toEqual(answers);
          expect(message.authority).toEqual(authority);
          expect(message.additional).toEqual(additional);
        },
      ),
    );
  });

  it('mean the same to dns-packet', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 6 }), (answers) => {
        const theirs = dnsPacket.decode(Buffer.from(encode({ answers: answers.map(lone) })));
        expect(theirs.answers?.length).toBe(answers.length);
        for (const [i, ours] of answers.entries()) {
          const other = (theirs.answers ?? [])[i]!;
          expect(`${other.name}.`).toBe(nameToText(ours.owner as WireName));
          expect(other.ttl).toBe(ours.ttlSeconds);
          if (ours.data.type === TYPE.SRV) {
            const { priority, weight, port, target } = ours.data;
            const target_ = nameToText(target).slice(0, -1);
            expect(other.data).toEqual({ priority, weight, port, target: target_ });
          }
          if (ours.data.type === TYPE.TXT)
            expect(other.data).toEqual(ours.data.strings.map((each) => Buffer.from(each)));
          if (ours.data.type === TYPE.A) expect(other.data).toBe(ours.data.address.join('.'));
        }
      }),
    );
  });

  it('mean the same to dns2', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 6 }), (answers) => {
        const theirs = Packet.parse(Buffer.from(encode({ answers: answers.map(lone) })));
        expect(theirs.answers.map(({ type }) => type)).toEqual(answers.map(({ data }) => typeOf(data)));
        for (const [i, ours] of answers.entries()) {
          const other = theirs.answers[i] as unknown as Record<string, unknown>;
          expect(other['ttl']).toBe(ours.ttlSeconds);
          if (ours.data.type === TYPE.SRV) {
            expect(other['target']).toBe(nameToText(ours.data.target).slice(0, -1));
            expect(other['port']).toBe(ours.data.port);
          }
          if (ours.data.type === TYPE.A) expect(other['address']).toBe(ours.data.address.join('.'));
        }
      }),
    );
  });

  it('carry the question octet by octet, so the case of the client survives', () => {
    const asked = question('wEb.SeRvIcE.cOnSuL', TYPE.A);
    const bytes = encode({ question: asked });
    expect(bytes.subarray(12)).toEqual(asked);
  });

  it('never compress the target of SRV (RFC 2782), but point at it', () => {
    const target = wire('n1.node.dc1.consul');
    const answer = record(null, 0, { type: TYPE.SRV, priority: 1, weight: 1, port: 80, target });
    const address = record(target, 0, { type: TYPE.A, address: Uint8Array.of(10, 0, 0, 1) });
    const bytes = encode({
      question: question('web.service.consul', TYPE.SRV),
      answers: [{ answer, addresses: [address], notes: [] }],
    });
    const at = Buffer.from(bytes).indexOf(Buffer.from(target));
    expect(at).toBeGreaterThan(0);
    expect([bytes[at + target.length], bytes[at + target.length + 1]]).toEqual([
      0xc0 | (at >>> 8),
      at & 0xff,
    ]);
  });

  it('put the upper bits of the rcode into the OPT record', () => {
    const bytes = encode({ rcode: RCODE.BADVERS, edns: { payloadBytes: 1232, options: new Uint8Array(0) } });
    expect((bytes[3] as number) & 0xf).toBe(0);
    expect(decodeMessage(bytes)?.rcode).toBe(16);
  });
});

describe('queries', () => {
  const ordinary = hex(
    'abcd 0100 0001 0000 0000 0000 03 776562 07 73657276696365 06 636f6e73756c 00 0021 0001',
  );

  it('are read with header, question and nothing else', () => {
    const query = decodeQuery(ordinary) as Query;
    expect(query).toMatchObject({
      kind: 'query',
      id: 0xabcd,
      flags: FLAG.RD,
      qtype: TYPE.SRV,
      qclass: 1,
      edns: null,
    });
    expect(nameToText(query.qname)).toBe('web.service.consul.');
    expect(query.question).toEqual(ordinary.subarray(12));
  });

  it('are read with EDNS size, version and client subnet', () => {
    const subnet = hex('000118000a0100');
    const option = encodeOption(8, subnet);
    const opt = Uint8Array.from([0, 0, 41, 0x04, 0xd0, 0, 1, 0x80, 0, 0, option.length, ...option]);
    const packet = Uint8Array.from([...ordinary, ...opt]);
    packet[11] = 1;
    const query = decodeQuery(packet) as Query;
    expect(query.edns).toEqual({ payloadBytes: 1232, version: 1, clientSubnet: subnet });
  });

  it('count the first client subnet, and are FORMERR with a malformed one', () => {
    const withOptions = (...data: readonly string[]) => {
      const options = data.flatMap((each) => [...encodeOption(8, hex(each))]);
      const opt = [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, options.length, ...options];
      const packet = Uint8Array.from([...ordinary, ...opt]);
      packet[11] = 1;
      return decodeQuery(packet);
    };
    expect(withOptions('000118000a0100', '0002380020010db8000000')).toMatchObject({
      edns: { clientSubnet: hex('000118000a0100') },
    });
    expect(withOptions('0003080001')).toMatchObject({ kind: 'refusal', rcode: 1 });
  });

  it('get no reply when they are responses or shorter than a header', () => {
    const response = Uint8Array.from(ordinary);
    response[2] = 0x81;
    expect(decodeQuery(response)).toEqual({ kind: 'ignored' });
    expect(decodeQuery(ordinary.subarray(0, 11))).toEqual({ kind: 'ignored' });
  });

  it.each([1, 2, 5, 15])('get NOTIMP for opcode %i', (opcode) => {
    const packet = Uint8Array.from(ordinary);
    packet[2] = opcode << 3;
    expect(decodeQuery(packet)).toMatchObject({ kind: 'refusal', rcode: RCODE.NOTIMP });
  });

  it.each([0, 2, 255])('get FORMERR with %i questions', (count) => {
    const packet = Uint8Array.from(ordinary);
    packet[5] = count;
    expect(decodeQuery(packet)).toMatchObject({ kind: 'refusal', rcode: RCODE.FORMERR });
  });

  it('are read although a count promises records that are not there, but not when one is cut', () => {
    const packet = Uint8Array.from(ordinary);
    packet[11] = 1;
    expect(decodeQuery(packet)).toMatchObject({ kind: 'query', edns: null });
    const cut = Uint8Array.from([...packet, 0, 0, 41]);
    expect(decodeQuery(cut)).toMatchObject({ kind: 'refusal', rcode: RCODE.FORMERR });
  });

  it('count a missing type and class as 0, and a cut name as FORMERR', () => {
    const noType = hex('0000 0100 0001 0000 0000 0000 03 776562 00');
    expect(decodeQuery(noType)).toMatchObject({ kind: 'query', qtype: 0, qclass: 0 });
    expect(decodeQuery(hex('0000 0100 0001 0000 0000 0000 03 776562'))).toMatchObject({
      kind: 'refusal',
      rcode: RCODE.FORMERR,
    });
  });

  it('never make the decoder throw or read on, cut at any offset or changed in any octet', () => {
    const cases = fs
      .readdirSync(new URL('../../golden/', import.meta.url))
      .filter((file) => file.endsWith('.hex'))
      .flatMap((file) => readGolden(new URL(`../../golden/${file}`, import.meta.url)));
    expect(cases.length).toBeGreaterThan(10);
    for (const packet of cases) {
      for (let end = 0; end <= packet.length; end += 1) {
        decodeQuery(packet.subarray(0, end));
        decodeMessage(packet.subarray(0, end));
      }
      for (let at = 0; at < packet.length; at += 1) {
        for (const value of [0, 1, 0x3f, 0x40, 0xc0, 0xff]) {
          const changed = Uint8Array.from(packet);
          changed[at] = value;
          decodeQuery(changed);
          decodeMessage(changed);
        }
      }
    }
  });
});

/** Lines of hexadecimal octets; what follows a # is for people. */
function readGolden(file: URL): Uint8Array[] {
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map(hex);
}
