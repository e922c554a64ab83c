import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAG, TYPE } from '../../../src/wire/constants.ts';
import { appendOption, encodeReply } from '../../../src/wire/fit.ts';
import { decodeMessage, record } from '../../../src/wire/message.ts';
import { type AnswerGroup, encodeOption, type Reply } from '../../../src/wire/message-reply.ts';
import { nameFromText, type WireName } from '../../../src/wire/name.ts';

const name = (text: string): WireName => nameFromText(text) as WireName;
const question = Uint8Array.from([...name('web.service.consul'), 0, 33, 0, 1]);

function srvGroup(i: number, noteBytes: number): AnswerGroup {
  const target = name(`node-${i}.node.dc1.consul`);
  const strings = [new Uint8Array(noteBytes).fill(0x78)];
  return {
    answer: record(null, 0, { type: TYPE.SRV, priority: 1, weight: 1, port: i, target }),
    addresses: [record(target, 0, { type: TYPE.A, address: Uint8Array.of(10, 0, 0, i & 255) })],
    notes: noteBytes > 0 ? [record(target, 0, { type: TYPE.TXT, strings })] : [],
  };
}

function reply(count: number, noteBytes: number, withEdns: boolean): Reply {
  const answers = Array.from({ length: count }, (_, i) => srvGroup(i, noteBytes));
  const edns = withEdns ? { payloadBytes: 1_232, options: new Uint8Array(0) } : null;
  return { id: 1, flags: FLAG.QR, rcode: 0, question, answers, authority: [], additional: [], edns };
}

const options = (maxBytes: number) => ({ maxBytes, compress: true, mayMarkTruncated: true });

describe('fitting a reply', () => {
  it('never exceeds the space, never splits an answer from its address, keeps OPT, and says TC exactly when cut', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.nat(80),
        fc.boolean(),
        fc.integer({ min: 512, max: 4_096 }),
        (count, noteBytes, withEdns, maxBytes) => {
          const out = new Uint8Array(65_535);
          const written = encodeReply(reply(count, noteBytes, withEdns), out, options(maxBytes));
          const message = decodeMessage(out.subarray(0, written.length));
          expect(written.length).toBeLessThanOrEqual(maxBytes);
          expect(message?.answers).toHaveLength(written.answers);
          const addresses = message?.additional.filter(({ data }) => data.type === TYPE.A);
          expect(addresses).toHaveLength(written.answers);
          expect(message?.edns !== null).toBe(withEdns);
          expect(((message?.flags ?? 0) & FLAG.TC) !== 0).toBe(written.answers < count);
        },
      ),
    );
  });

  it('keeps one answer more as soon as there is room for it', () => {
    const out = new Uint8Array(4_096);
    const whole = encodeReply(reply(10, 0, false), out, options(4_096)).length;
    expect(encodeReply(reply(10, 0, false), out, options(whole)).answers).toBe(10);
    expect(encodeReply(reply(10, 0, false), out, options(whole - 1)).answers).toBe(9);
  });

  it('drops all notes before the first answer', () => {
    const out = new Uint8Array(4_096);
    const written = encodeReply(reply(3, 200, false), out, options(512));
    expect(written.answers).toBe(3);
    expect(decodeMessage(out.subarray(0, written.length))?.additional).toHaveLength(3);
  });
});

describe('an option appended later', () => {
  it('is in the OPT record when there is room, and nowhere otherwise', () => {
    const out = new Uint8Array(4_096);
    const { length } = encodeReply(reply(1, 0, true), out, options(512));
    const option = encodeOption(15, Uint8Array.of(0, 0, 0x68, 0x69));
    const place = { out, length, optionsBytes: 0 };
    expect(appendOption({ ...place, maxBytes: length + option.length - 1 }, option)).toBe(length);
    const longer = appendOption({ ...place, maxBytes: 512 }, option);
    expect(decodeMessage(out.subarray(0, longer))?.edns?.options).toEqual(option);
  });
});
