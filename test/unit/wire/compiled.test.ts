import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Compiled, compile } from '../../../src/wire/compiled.ts';
import { FLAG, TYPE } from '../../../src/wire/constants.ts';
import { type Assembly, emitAnswers, emitExtras, fitCompiled } from '../../../src/wire/emit.ts';
import { encodeReply } from '../../../src/wire/fit.ts';
import { decodeMessage, type Message, record } from '../../../src/wire/message.ts';
import type { AnswerGroup } from '../../../src/wire/message-reply.ts';
import { nameFromText, type WireName } from '../../../src/wire/name.ts';

const name = (text: string): WireName => nameFromText(text) as WireName;
const question = Uint8Array.from([...name('web.service.consul'), 0, 33, 0, 1]);

const ttl = fc.nat(0x7fffffff);
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const ownName = fc
  .constantFrom(
    'n1.node.dc1.consul',
    'n2.node.dc1.consul',
    '0a000001.addr.dc1.consul',
    'db.example.org',
    'consul',
  )
  .map(name);
const owner = fc.oneof(fc.constant(null), ownName);
const address = fc
  .tuple(owner, ttl, ipv4)
  .map(([each, t, octets]) => record(each, t, { type: TYPE.A, address: octets }));
const text = fc
  .tuple(owner, ttl, fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 2 }))
  .map(([each, t, strings]) => record(each, t, { type: TYPE.TXT, strings }));
const answer = fc.oneof(
  fc.tuple(ttl, ipv4).map(([t, octets]) => record(null, t, { type: TYPE.A, address: octets })),
  fc
    .tuple(ttl, fc.nat(0xffff), ownName)
    .map(([t, port, target]) => record(null, t, { type: TYPE.SRV, priority: 1, weight: 2, port, target })),
);
const group: fc.Arbitrary<AnswerGroup> = fc.record({
  answer,
  addresses: fc.array(address, { maxLength: 2 }),
  notes: fc.array(text, { maxLength: 2 }),
});

/** A message made from the rendered answers, as sendable.ts does it. */
function assemble(
  compiled: Compiled,
  order: number[],
  maxBytes: number,
): { message: Message; count: number; withNotes: boolean } {
  const out = new Uint8Array(65_535);
  out.set([0, 1, FLAG.QR >>> 8, 0, 0, 1]);
  out.set(question, 12);
  const answersAt = 12 + question.length;
  const assembly: Assembly = {
    out,
    offset: answersAt,
    nameEnd: answersAt - 4,
    answersAt,
    order: Uint16Array.from(order),
    count: order.length,
    withNotes: true,
    additional: 0,
  };
  expect(fitCompiled(compiled, assembly, maxBytes - answersAt)).toBe(true);
  emitAnswers(compiled, assembly);
  emitExtras(compiled, assembly);
  out.set(
    [
      assembly.count >>> 8,
      assembly.count & 0xff,
      0,
      0,
      assembly.additional >>> 8,
      assembly.additional & 0xff,
    ],
    6,
  );
  expect(assembly.offset).toBeLessThanOrEqual(maxBytes);
  const message = decodeMessage(out.subarray(0, assembly.offset));
  if (message === undefined) throw new Error('malformed');
  return { message, count: assembly.count, withNotes: assembly.withNotes };
}

describe('rendered answers', () => {
  it('mean the same in any order as answers written record by record', () => {
    const cases = fc
      .array(group, { minLength: 1, maxLength: 8 })
      .chain((groups) =>
        fc.tuple(
          fc.constant(groups),
          fc.shuffledSubarray([...groups.keys()], { minLength: groups.length }),
          fc.integer({ min: 512, max: 2_000 }),
        ),
      );
    fc.assert(
      fc.property(cases, ([groups, order, maxBytes]) => {
        const compiled = compile(groups) as Compiled;
        const { message, count, withNotes } = assemble(compiled, order, maxBytes);
        const sent = order.slice(0, count).map((i) => groups[i] as AnswerGroup);
        const written = new Uint8Array(65_535);
        const trimmed = sent.map((each) => (withNotes ? each : { ...each, notes: [] }));
        const fields = {
          id: 1,
          flags: FLAG.QR,
          rcode: 0,
          question,
          authority: [],
          additional: [],
          edns: null,
        };
        const { length } = encodeReply({ ...fields, answers: trimmed }, written, {
          maxBytes: 65_535,
          compress: true,
          mayMarkTruncated: false,
        });
        const other = decodeMessage(written.subarray(0, length)) as Message;
        expect(message.answers).toEqual(other.answers);
        expect(message.additional).toEqual(other.additional);
      }),
    );
  });

  it('do not take octets in the middle of a label for a name to point at', () => {
    // The label "ab\\006consul" ends in the octets of the name "consul".
    const target = Uint8Array.of(9, 0x61, 0x62, ...name('consul'));
    const groups = [
      {
        answer: record(null, 0, { type: TYPE.SRV, priority: 1, weight: 1, port: 1, target }),
        addresses: [record(name('consul'), 0, { type: TYPE.A, address: Uint8Array.of(10, 0, 0, 1) })],
        notes: [],
      },
    ];
    const { message } = assemble(compile(groups) as Compiled, [0], 512);
    expect(message.additional[0]?.owner).toEqual(name('consul'));
  });

  it('are refused when an owner is neither the question nor movable', () => {
    const alias = record(null, 0, { type: TYPE.CNAME, name: name('db.example.org') });
    const foreign = record(name('db.example.org'), 0, { type: TYPE.A, address: Uint8Array.of(1, 2, 3, 4) });
    expect(compile([{ answer: alias, addresses: [], notes: [] }])).toBeUndefined();
    expect(compile([{ answer: foreign, addresses: [], notes: [] }])).toBeUndefined();
    expect(compile([])?.count).toBe(0);
  });

  it('say so when a pointer would have to reach past 16 KB', () => {
    const target = name('n1.node.dc1.consul');
    const groups = Array.from({ length: 600 }, (_, i) => ({
      answer: record(null, 0, { type: TYPE.SRV, priority: 1, weight: 1, port: i, target }),
      addresses: [record(target, 0, { type: TYPE.A, address: Uint8Array.of(10, 0, 0, 1) })],
      notes: [],
    }));
    const compiled = compile(groups) as Compiled;
    const assembly: Assembly = {
      out: new Uint8Array(65_535),
      offset: 36,
      nameEnd: 32,
      answersAt: 36,
      order: Uint16Array.from(groups.keys()),
      count: groups.length,
      withNotes: true,
      additional: 0,
    };
    expect(fitCompiled(compiled, assembly, 65_000)).toBe(false);
  });
});
