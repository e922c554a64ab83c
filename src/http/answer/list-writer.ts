/**
 * A long list, or map, as JSON, made a few documents at a time: the same octets as JSON of the whole.
 *
 * The rows are what they were when the list was begun, whatever is written meanwhile; documents, what a filter says of
 * them and their text are made when the writer comes to them, so that nobody waits for all of them and they need not be
 * in memory together.
 */
import { SortedMap, toJson } from '../documents/go-json.ts';

/** A list that is not made yet. */
export interface LongList {
  /** What it is once there is nothing left to prepare. */
  readonly length: number;
  /** The document at a place; undefined leaves it out. */
  readonly at: (index: number) => unknown;
  /** Makes the list a map: the key at a place. Keys stand in the order of their texts, each once. */
  readonly keyAt?: ((index: number) => string) | undefined;
  /** Octets that a document has, more or less; for those of very different size. */
  readonly sizeAt?: ((index: number) => number) | undefined;
  /** Does a small part of what comes before the first document; false, from then on, when nothing is left of it. */
  readonly prepare?: (() => boolean) | undefined;
  /** A document takes long to make or to look at, so that one is enough for a step. */
  readonly isDear?: boolean | undefined;
}

/** Documents in one step. */
const STEP_DOCUMENTS = 16;
/** Octets in one step, when the list knows the sizes of its documents. */
const STEP_BYTES = 256 * 1024;
/** Characters that make a piece: what a socket takes at once, more or less. */
const PIECE_LENGTH = 64 * 1024;

type Entry = readonly [key: string, document: unknown];

export class ListWriter {
  readonly #list: LongList;
  readonly #isPretty: boolean;
  readonly #stepDocuments: number;
  readonly #close: string;
  #next = 0;
  #text: string;
  #isEmpty = true;

  constructor(list: LongList, isPretty: boolean) {
    this.#list = list;
    this.#isPretty = isPretty;
    this.#stepDocuments = list.isDear ? 1 : STEP_DOCUMENTS;
    this.#text = list.keyAt ? '{' : '[';
    this.#close = list.keyAt ? '}' : ']';
  }

  /** Whether all of the list is in the pieces that were taken. */
  get isDone(): boolean {
    return this.#next > this.#list.length;
  }

  /** Do one step; true while the piece is not full. */
  step(): boolean {
    if (this.#list.prepare?.()) return true;
    if (this.#next < this.#list.length) this.#write(this.#documents());
    else this.#end();
    return !this.isDone && this.#text.length < PIECE_LENGTH;
  }

  /** What was written since the last time. */
  take(): Buffer {
    return Buffer.from(this.takeText(), 'utf8');
  }

  takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #documents(): readonly Entry[] {
    const { length } = this.#list;
    const documents: Entry[] = [];
    for (
      let count = 0, bytes = 0;
      count < this.#stepDocuments && bytes < STEP_BYTES && this.#next < length;
      count += 1
    ) {
      bytes += this.#list.sizeAt?.(this.#next) ?? 0;
      const document = this.#list.at(this.#next);
      if (document !== undefined) documents.push([this.#list.keyAt?.(this.#next) ?? '', document]);
      this.#next += 1;
    }
    return documents;
  }

  #write(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const value = this.#list.keyAt ? new SortedMap(entries) : entries.map(([, document]) => document);
    const text = toJson(value, this.#isPretty);
    // Between the brackets: `[a,b]`, or pretty `[⏎    a,⏎    b⏎]⏎`.
    const inner = text.slice(1, this.#isPretty ? -3 : -1);
    this.#text += this.#isEmpty ? inner : `,${inner}`;
    this.#isEmpty = false;
  }

  #end(): void {
    const end = this.#isEmpty || !this.#isPretty ? this.#close : `\n${this.#close}`;
    this.#text += this.#isPretty ? `${end}\n` : end;
    this.#next += 1;
  }
}
