/**
 * How servers that are given each other's addresses get acquainted: each says who it is, and whom else it knows.
 *
 * One round asks everybody at the addresses to join and at those learnt from others. What a server said is kept as long
 * as it answers. One that does not fit (another datacenter, another secret) is kept too, because the operator has to be
 * told its name. Decides nothing.
 */
import type { ServerRecord } from '../catalog/leader-lock.ts';
import { addressText } from '../lib/address-text.ts';
import { hasFields, isListOf, isNumber, isText, orNull } from '../lib/shape.ts';
import { AppError } from '../model/errors.ts';
import type { CallEnd, CallOptions, RpcAddress } from '../rpc/rpc-connection.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import { resolveJoinAddress } from './join-address.ts';

/** What a server says of itself. */
export interface Introduction extends ServerRecord {
  readonly datacenter: string;
  /** How many it wants to begin with; 0 joins others. */
  readonly expect: number;
  /** Of keys in the shared store. */
  readonly prefix: string;
  /** Of its etcd; '' where it does not start one. */
  readonly peerUrl: string;
  /** The first members of the cluster that it is in; absent while it is in none. */
  readonly cluster?: { readonly initialCluster: string; readonly token: string } | null;
}

const isIntroduction = hasFields<Introduction>({
  id: isText,
  name: isText,
  host: isText,
  port: isNumber,
  datacenter: isText,
  expect: isNumber,
  prefix: isText,
  peerUrl: isText,
  cluster: orNull(hasFields({ initialCluster: isText, token: isText })),
});

const isReply = hasFields<{ introduction: Introduction; known: readonly RpcAddress[] }>({
  introduction: isIntroduction,
  known: isListOf(hasFields<RpcAddress>({ host: isText, port: isNumber })),
});

/** Most addresses that are learnt from others: a liar could name any number. */
const MAX_LEARNT = 32;
const CALL_TIMEOUT_MS = 2_000;

export interface MeetingParts {
  /** What this server says of itself now. */
  readonly introduce: () => Introduction;
  readonly call: (to: RpcAddress, method: string, request: unknown, options: CallOptions) => Promise<CallEnd>;
}

const textOf = ({ host, port }: RpcAddress): string => addressText(host, port);

function whyNot(end: Exclude<CallEnd, { kind: 'answered' }>): string {
  if (end.kind === 'refused') return end.error.message;
  const isTls = /alert|ssl|tls|certificate|EPROTO|before secure/i.test(end.why);
  if (isTls) return `its secret (encrypt) is another one, or only one of both has one (${end.why})`;
  return end.kind === 'unknown' ? `${end.why}; is encrypt the same on both?` : end.why;
}

export class Meeting {
  readonly #parts: MeetingParts;
  readonly #join = new Map<string, RpcAddress>();
  readonly #learnt = new Map<string, RpcAddress>();
  readonly #met = new Map<string, Introduction>();
  readonly #faults = new Map<string, string>();
  readonly #listeners: (() => void)[] = [];

  constructor(parts: MeetingParts, join: readonly RpcAddress[]) {
    this.#parts = parts;
    this.join(join);
  }

  /** Those who answered at their last turn, whether they fit or not. */
  get met(): readonly Introduction[] {
    return [...this.#met.values()];
  }

  /** Addresses where nobody answered at the last turn -> why. */
  get faults(): ReadonlyMap<string, string> {
    return this.#faults;
  }

  /** Meet these too. */
  join(addresses: readonly RpcAddress[]): void {
    for (const address of addresses) this.#join.set(textOf(address), address);
  }

  /** Meet the server at an address now, and from now on with the others; resolves to it, or to why not. Never rejects. */
  async meet(address: RpcAddress): Promise<Introduction | string> {
    const end = await this.#ask(address);
    if (typeof end === 'string') this.#faults.delete(textOf(address));
    else this.join([address]);
    return end;
  }

  /** Have `listener` called whenever somebody was met who was not known like that. */
  onMet(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Ask everybody once. Never rejects. */
  async round(): Promise<void> {
    const found = await Promise.all([...this.#join.values()].map(resolveJoinAddress));
    const unresolved = [...this.#join.keys()].filter((_key, i) => found[i]?.length === 0);
    const addresses = new Map([...found.flat(), ...this.#learnt.values()].map((one) => [textOf(one), one]));
    const asked = new Set([...addresses.keys(), ...unresolved]);
    for (const address of this.#faults.keys()) if (!asked.has(address)) this.#faults.delete(address);
    for (const name of unresolved) this.#faults.set(name, 'the host name has no address');
    await Promise.all([...addresses.values()].map((address) => this.#ask(address)));
  }

  /** What is asked of this server. */
  methods(): Readonly<Record<string, RpcMethod>> {
    return {
      introduce: async (request) => {
        const fault = isIntroduction(request, 'introduction');
        if (fault !== undefined) throw new AppError('bad_request', fault);
        this.#take(request as Introduction);
        return this.#reply();
      },
    };
  }

  #reply() {
    const known = this.met.map(({ host, port }) => ({ host, port }));
    return { introduction: this.#parts.introduce(), known };
  }

  /** Resolves to who is there, or to why nobody is known to be. */
  async #ask(address: RpcAddress): Promise<Introduction | string> {
    const { call, introduce } = this.#parts;
    const own = introduce();
    if (textOf(own) === textOf(address)) return own;
    const end = await call(address, 'introduce', own, { timeoutMs: CALL_TIMEOUT_MS });
    const text = textOf(address);
    if (end.kind !== 'answered') return this.#lost(text, whyNot(end));
    const fault = isReply(end.value, '');
    if (fault !== undefined) return this.#lost(text, `its answer makes no sense: ${fault}`);
    const { introduction, known } = end.value as { introduction: Introduction; known: RpcAddress[] };
    this.#faults.delete(text);
    this.#take(introduction);
    for (const each of known) this.#learn(each);
    return introduction;
  }

  #lost(address: string, why: string): string {
    this.#faults.set(address, why);
    this.#met.delete(address);
    this.#learnt.delete(address);
    return why;
  }

  #learn(address: RpcAddress): void {
    if (this.#learnt.size < MAX_LEARNT) this.#learnt.set(textOf(address), address);
  }

  #take(introduction: Introduction): void {
    const own = this.#parts.introduce();
    const text = textOf(introduction);
    if (introduction.id === own.id && text === textOf(own)) return;
    const before = this.#met.get(text);
    if (before === undefined && this.#met.size >= MAX_LEARNT) return;
    this.#met.set(text, introduction);
    this.#learn(introduction);
    if (JSON.stringify(before) === JSON.stringify(introduction)) return;
    for (const listener of this.#listeners) listener();
  }
}
