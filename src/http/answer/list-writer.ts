/**
 * A long list as JSON, made a few documents at a time: the same octets as JSON of the whole list.
 *
 * The rows are what they were when the list was begun, whatever is written meanwhile; documents, what a filter says of
 * them and their text are made when the writer comes to them, so that nobody waits for all of them and they need not be
 * in memory together.
 */
import { toJson } from '../documents/go-json.ts';

/** A list that is not made yet. */
export interface LongList {
  readonly length: number;
  /** The document at a place; undefined leaves it out. */
  at(index: number): unknown;
  /** Octets that a document has, more or less; for those of very different size. */
  sizeAt?(index: number): number;
}

/** Documents in one step. */
const STEP_DOCUMENTS = 16;
/** Octets in one step, when the list knows the sizes of its documents. */
const STEP_BYTES = 256 * 1024;
/** Characters that make a piece: what a socket takes at once, more or less. */
const PIECE_LENGTH = 64 * 1024;
const INDENT_END = '\n]';

export class ListWriter {
  readonly #list: LongList;
  readonly #isPretty: boolean;
  #next = 0;
  #text = '[';
  #isEmpty = true;

  constructor(list: LongList, isPretty: boolean) {
    this.#list = list;
    this.#isPretty = isPretty;
  }

  /** Whether all of the list is in the pieces that were taken. */
  get isDone(): boolean {
    return this.#next > this.#list.length;
  }

  /** Do one step; true while the piece is not full. */
  step(): boolean {
    if (this.#next < this.#list.length) this.#write(this.#documents());
    else this.#end();
    return !this.isDone && this.#text.length < PIECE_LENGTH;
  }

  /** What was written since the last time. */
  take(): Buffer {
    const piece = Buffer.from(this.#text, 'utf8');
    this.#text = '';
    return piece;
  }

  #documents(): readonly unknown[] {
    const { length } = this.#list;
    const documents: unknown[] = [];
    for (
      let count = 0, bytes = 0;
      count < STEP_DOCUMENTS && bytes < STEP_BYTES && this.#next < length;
      count += 1
    ) {
      bytes += this.#list.sizeAt?.(this.#next) ?? 0;
      const document = this.#list.at(this.#next);
      this.#next += 1;
      if (document !== undefined) documents.push(document);
    }
    return documents;
  }

  #write(documents: readonly unknown[]): void {
    if (documents.length === 0) return;
    const text = toJson(documents, this.#isPretty);
    // Between the brackets: `[a,b]`, or pretty `[⏎    a,⏎    b⏎]⏎`.
    const inner = this.#isPretty ? text.slice(1, -INDENT_END.length - 1) : text.slice(1, -1);
    this.#text += this.#isEmpty ? inner : `,${inner}`;
    this.#isEmpty = false;
  }

  #end(): void {
    const end = this.#isEmpty || !this.#isPretty ? ']' : INDENT_END;
    this.#text += this.#isPretty ? `${end}\n` : end;
    this.#next += 1;
  }
}
