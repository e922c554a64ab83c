/**
 * A few of the questions that come in, while somebody watches: each one has the same chance, however many there are.
 *
 * Off, it costs the answering path one look at a flag; on, a number drawn for each question and a copy of the replies that are
 * chosen. They are decoded when they are taken, a few times a second.
 */
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { rcodeName, typeName } from '../wire/constants.ts';
import { decodeMessage } from '../wire/message.ts';
import { nameToText } from '../wire/name.ts';
import type { Transport } from './counters.ts';

/** A question and what became of it. */
export interface AskedQuestion {
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
  readonly answers: number;
  readonly bytes: number;
}

export interface SeenQuestion extends AskedQuestion {
  readonly atMs: number;
  readonly client: string;
  readonly transport: Transport;
  readonly elapsedMs: number;
}

export interface QuestionBatch {
  /** How many there were since the last batch. */
  readonly seen: number;
  readonly questions: readonly SeenQuestion[];
}

/** Who asked; true until the question is answered. */
export interface AskingClient {
  readonly transport: Transport;
  address(): string;
}

/** What is taken between two looks. Turning it up shows more of a busy server, and costs it more. */
const MAX_CHOSEN = 25;

/** A reply repeats its question, so nothing else is needed. */
export function readReply(reply: Uint8Array): AskedQuestion {
  const message = decodeMessage(reply);
  const question = message?.questions[0];
  return {
    name: question ? nameToText(question.qname) : '',
    type: question ? typeName(question.qtype) : '',
    rcode: message ? rcodeName(message.rcode) : '',
    answers: message?.answers.length ?? 0,
    bytes: reply.length,
  };
}

interface Chosen extends Pick<SeenQuestion, 'atMs' | 'client' | 'transport' | 'elapsedMs'> {
  readonly reply: Uint8Array;
}

export class QuestionSample {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Pick<Random, 'below'>;
  #chosen: Chosen[] = [];
  #seen = 0;
  #isOn = false;

  constructor(clock: Pick<Clock, 'now'>, random: Pick<Random, 'below'>) {
    this.#clock = clock;
    this.#random = random;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Begin, or end and forget. */
  watch(isOn: boolean): void {
    this.#isOn = isOn;
    this.take();
  }

  /** A reply that was sent; its octets may be used again afterwards. */
  offer(reply: Uint8Array, client: AskingClient, elapsedMs: number): void {
    this.#seen += 1;
    const place = this.#chosen.length < MAX_CHOSEN ? this.#chosen.length : this.#random.below(this.#seen);
    if (place >= MAX_CHOSEN) return;
    this.#chosen[place] = {
      reply: reply.slice(),
      atMs: this.#clock.now(),
      client: client.address(),
      transport: client.transport,
      elapsedMs,
    };
  }

  /** What came since the last time, oldest first. */
  take(): QuestionBatch {
    const [seen, chosen] = [this.#seen, this.#chosen];
    this.#seen = 0;
    this.#chosen = [];
    const questions = chosen
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ reply, ...rest }) => ({ ...readReply(reply), ...rest }));
    return { seen, questions };
  }
}
