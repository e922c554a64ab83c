/**
 * Questions that a DNS thread cannot answer from its copy of the rows: names of other datacenters, and prepared queries that
 * go on there. The main thread, which has the connections, asks for it; the thread knows the names of the datacenters.
 */
import { failoverOrder } from '../../catalog/query-failover.ts';
import type { QueryRow } from '../../model/types.ts';
import type { Transport } from '../counters.ts';
import type { Elsewhere, ElsewherePlace, FoundFar } from '../elsewhere.ts';

export type ThreadQuestion =
  | {
      readonly packet: Uint8Array;
      readonly place: Exclude<ElsewherePlace, { kind: 'rows' }>;
      readonly transport: Transport;
    }
  | { readonly query: QueryRow };

export type ToldThread = Uint8Array | FoundFar | null;

/** The thread's side. */
export class AskMain {
  readonly #say: (id: number, question: ThreadQuestion) => void;
  readonly #waiting = new Map<number, (told: ToldThread) => void>();
  #names: readonly string[];
  #nextId = 0;

  /** `names` are those of the other datacenters. */
  constructor(names: readonly string[], say: (id: number, question: ThreadQuestion) => void) {
    this.#names = names;
    this.#say = say;
  }

  setNames(names: readonly string[]): void {
    this.#names = names;
  }

  told(id: number, told: ToldThread): void {
    this.#waiting.get(id)?.(told);
    this.#waiting.delete(id);
  }

  /** How many wait is bounded by the responder. */
  readonly elsewhere: Elsewhere = {
    placeOf: (lookup) => {
      if (!('at' in lookup)) return undefined;
      const { datacenter, peer } = lookup.at;
      if (peer !== null || datacenter === null || !this.#isKnown(datacenter)) return undefined;
      return { kind: 'datacenter', datacenter };
    },
    failsOver: (query) => failoverOrder(query, this.#names).length > 0,
    failOver: async (query) => ((await this.#ask({ query })) as FoundFar | null) ?? undefined,
    fetch: async () => false,
    ask: async (packet, place, transport) =>
      (await this.#ask({ packet, place, transport })) as Uint8Array | null,
  };

  #isKnown(datacenter: string): boolean {
    return this.#names.some((name) => name.toLowerCase() === datacenter);
  }

  #ask(question: ThreadQuestion): Promise<ToldThread> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#say(id, question);
    });
  }
}

/** The main thread's side. Never rejects. */
export async function answerThread(
  elsewhere: Elsewhere | undefined,
  question: ThreadQuestion,
): Promise<ToldThread> {
  if ('query' in question) return (await elsewhere?.failOver?.(question.query)) ?? null;
  const { packet, place, transport } = question;
  return (await elsewhere?.ask(packet, place, transport)) ?? null;
}
