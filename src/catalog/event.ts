/**
 * User events: short messages that everybody may fire and list. The newest 256 are kept, in memory only; other agents are
 * told of each.
 *
 * An event that is meant for other nodes, services or tags is fired but not kept here. Those who wait are woken by the
 * topic EVENTS_TOPIC. Their index is that of the newest event, computed from its id as Consul's clients compute it to
 * find the events that they have not seen; it differs from event to event but does not rise.
 */
import { compilePattern, type Pattern } from '../lib/pattern.ts';
import type { Random } from '../lib/random.ts';
import { refuse } from '../model/errors.ts';

export const EVENTS_TOPIC = 'events';

const KEPT_EVENTS = 256;
/** Name and payload travel between agents in one packet. */
const MAX_EVENT_BYTES = 512;
/** Octets of an encoded event beside its texts and payload. */
const ENVELOPE_BYTES = 93;

export interface EventRequest {
  readonly name: string;
  readonly payload: Uint8Array;
  /** Patterns; '' fits all. */
  readonly nodeFilter: string;
  readonly serviceFilter: string;
  readonly tagFilter: string;
}

export interface UserEvent extends EventRequest {
  readonly id: string;
  /** Rises with every event that this agent saw. */
  readonly lamportTime: number;
}

/** An event as this agent keeps it. */
export interface KeptEvent extends UserEvent {
  /** Wall time in ms when this agent learned of it. */
  readonly seenMs: number;
}

/** What the filters of an event are held against. */
export interface EventAudience {
  readonly node: string;
  readonly services: Iterable<{ readonly name: string; readonly tags: readonly string[] }>;
}

export interface EventParts {
  readonly random: Random;
  /** Wall time in ms. */
  readonly nowMs: () => number;
  /** Wake those who wait for EVENTS_TOPIC. */
  readonly wake: () => void;
  /** Tell other agents of an event that was fired here; absent where there are none. */
  readonly spread?: (event: UserEvent) => void;
}

function compile(filter: string, what: string): Pattern | undefined {
  if (filter === '') return undefined;
  const pattern = compilePattern(filter);
  return typeof pattern === 'string'
    ? refuse('invalid_command', `Invalid ${what} filter: ${pattern}`)
    : pattern;
}

function isFor(event: EventRequest, audience: EventAudience): boolean {
  const node = compile(event.nodeFilter, 'node');
  const service = compile(event.serviceFilter, 'service');
  const tag = compile(event.tagFilter, 'tag');
  if (node && !node.match(audience.node)) return false;
  if (!service) return true;
  for (const { name, tags } of audience.services)
    if (service.match(name) && (!tag || tags.some((own) => tag.match(own)))) return true;
  return false;
}

function requireFits({ name, payload, nodeFilter, serviceFilter, tagFilter }: EventRequest): void {
  const texts = new TextEncoder().encode(name + nodeFilter + serviceFilter + tagFilter);
  const bytes = texts.length + payload.length;
  if (bytes + ENVELOPE_BYTES <= MAX_EVENT_BYTES) return;
  const when = bytes > MAX_EVENT_BYTES ? 'before' : 'after';
  const why = `user event exceeds configured limit of ${MAX_EVENT_BYTES} bytes ${when} encoding`;
  refuse('invalid_command', `1 error occurred:\n\t* error broadcasting event to segment "": ${why}\n\n`);
}

/** The two halves of a UUID, one XOR the other. */
function indexOfId(id: string): number {
  const digits = id.replaceAll('-', '');
  return Number(BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`));
}

/** A UUID whose halves begin with the same 16 bits, so that its index has 48, which a double holds exactly. */
function eventId(random: Random): string {
  const id = random.uuid();
  return `${id.slice(19, 23)}${id.slice(4)}`;
}

export class EventRing {
  readonly #parts: EventParts;
  #events: readonly KeptEvent[] = [];
  #lamportTime = 0;

  constructor(parts: EventParts) {
    this.#parts = parts;
  }

  /** Fire an event; it is kept when it is meant for `audience`. Throws invalid_command for a bad filter or size. */
  fire(request: EventRequest, audience: EventAudience): UserEvent {
    if (request.tagFilter !== '' && request.serviceFilter === '')
      refuse('invalid_command', 'Cannot provide tag filter without service filter');
    const isOurs = isFor(request, audience);
    requireFits(request);
    this.#lamportTime += 1;
    const event = { ...request, id: eventId(this.#parts.random), lamportTime: this.#lamportTime };
    this.#parts.spread?.(event);
    if (isOurs) this.#keep(event);
    return event;
  }

  /** Take an event that was fired on another agent; one that is known already, or is not for `audience`, is not kept. */
  receive(event: UserEvent, audience: EventAudience): void {
    this.#lamportTime = Math.max(this.#lamportTime, event.lamportTime);
    if (this.#events.some(({ id }) => id === event.id) || !isFor(event, audience)) return;
    this.#keep(event);
  }

  #keep(event: UserEvent): void {
    this.#events = [...this.#events, { ...event, seenMs: this.#parts.nowMs() }].slice(-KEPT_EVENTS);
    this.#parts.wake();
  }

  /** Kept events, oldest first; '' names all. */
  list(name: string): readonly KeptEvent[] {
    return name === '' ? this.#events : this.#events.filter((event) => event.name === name);
  }
}

/** What a reader of these events waits to differ from. */
export function indexOfEvents(events: readonly UserEvent[]): number {
  const newest = events.at(-1);
  return newest ? indexOfId(newest.id) : 1;
}
