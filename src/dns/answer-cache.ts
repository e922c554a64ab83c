/**
 * Rendered answers by question, forgotten when what is behind them changes.
 *
 * The only cache of the DNS side, invisible to everybody but the responder. An entry belongs to a topic (`service:web`,
 * `node:n1`) and goes when that topic changes or the configuration does. Two generations bound the size: when the young
 * one is full it becomes the old one, and what is asked again moves back; so a flood of odd names costs a constant amount
 * of memory and cannot push out what is in use for longer than one generation. There is one entry for each hash: of two
 * names that share one, which chance makes rare (scan.ts), the later takes the place, so finding never walks a list.
 */
import { HEADER_BYTES } from '../wire/constants.ts';
import { foldByte } from '../wire/name.ts';
import type { Scan } from './scan.ts';
import type { Sendable } from './sendable.ts';

/** Entries of one generation. About 200 octets and the rendered records each. */
const MAX_ENTRIES = 16_384;

/**
 * Places for questions without content, to see which come again; a power of two. Two that share a place push each other
 * out and are answered anew each time, so there are many more places than entries.
 */
const ASKED_LATELY = 65_536;

interface Entry {
  /** The name in lower case, as on the wire. */
  readonly name: Uint8Array;
  readonly qtype: number;
  readonly hash: number;
  readonly topic: string;
  readonly sendable: Sendable;
}

function isSameQuestion(entry: Entry, packet: Uint8Array, scan: Scan): boolean {
  const { name } = entry;
  if (entry.qtype !== scan.qtype || name.length !== scan.nameEnd - HEADER_BYTES) return false;
  for (let i = 0; i < name.length; i += 1) {
    const octet = packet[HEADER_BYTES + i] as number;
    if (octet !== name[i] && foldByte(octet) !== name[i]) return false;
  }
  return true;
}

export class AnswerCache {
  #young = new Map<number, Entry>();
  #old = new Map<number, Entry>();
  /** Sets, because a service may have as many entries as there are tags that somebody makes up. */
  #byTopic = new Map<string, Set<Entry>>();
  readonly #maxEntries: number;
  /** Hashes of questions that were asked lately, one in each place. */
  readonly #askedLately = new Int32Array(ASKED_LATELY);

  constructor(maxEntries: number = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  /** The answer to the scanned question in `packet`, if it is known and still true. */
  find(packet: Uint8Array, scan: Scan): Sendable | undefined {
    const entry = this.#young.get(scan.hash);
    if (entry !== undefined && isSameQuestion(entry, packet, scan)) return entry.sendable;
    return this.#old.size === 0 ? undefined : this.#findOld(packet, scan);
  }

  /**
   * Whether the scanned question was asked lately. Answers that say no are kept only then: there are more names without
   * anything than with something, and a flood of them is usually of names that never come again.
   */
  isRepeated(scan: Scan): boolean {
    const place = scan.hash & (ASKED_LATELY - 1);
    if (this.#askedLately[place] === scan.hash) return true;
    this.#askedLately[place] = scan.hash;
    return false;
  }

  /** Remember the answer to the scanned question until `topic` changes. */
  add(packet: Uint8Array, scan: Scan, topic: string, sendable: Sendable): void {
    const name = packet.slice(HEADER_BYTES, scan.nameEnd).map(foldByte);
    const entry: Entry = { name, qtype: scan.qtype, hash: scan.hash, topic, sendable };
    this.#insert(entry);
    const siblings = this.#byTopic.get(topic);
    if (siblings) siblings.add(entry);
    else this.#byTopic.set(topic, new Set([entry]));
  }

  /** Forget everything that belongs to these topics. */
  invalidate(topics: Iterable<string>): void {
    for (const topic of topics) {
      for (const entry of this.#byTopic.get(topic) ?? []) {
        if (this.#young.get(entry.hash) === entry) this.#young.delete(entry.hash);
        else this.#old.delete(entry.hash);
      }
      this.#byTopic.delete(topic);
    }
  }

  /** Forget everything. */
  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#byTopic = new Map();
  }

  /** Put an entry among the young; whoever holds its hash there or among the old is forgotten. */
  #insert(entry: Entry): void {
    const { hash } = entry;
    if (this.#young.size >= this.#maxEntries) this.#age();
    const [young, old] = [this.#young.get(hash), this.#old.get(hash)];
    if (young !== undefined) this.#forget(young);
    if (old !== undefined) {
      this.#old.delete(hash);
      this.#forget(old);
    }
    this.#young.set(hash, entry);
  }

  #age(): void {
    for (const entry of this.#old.values()) this.#forget(entry);
    this.#old = this.#young;
    this.#young = new Map();
  }

  #forget(entry: Entry): void {
    const siblings = this.#byTopic.get(entry.topic);
    siblings?.delete(entry);
    if (siblings?.size === 0) this.#byTopic.delete(entry.topic);
  }

  #findOld(packet: Uint8Array, scan: Scan): Sendable | undefined {
    const entry = this.#old.get(scan.hash);
    if (entry === undefined || !isSameQuestion(entry, packet, scan)) return undefined;
    this.#old.delete(entry.hash);
    this.#insert(entry);
    return entry.sendable;
  }
}
