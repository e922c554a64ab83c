/**
 * The instances of large services, judged once and found by tag, until something about the service changes.
 *
 * A question that nobody asked before costs what its answer holds, not what the service has: whoever makes up tags, or
 * names that a template answers for, must not have thousands of instances judged for each. Small services are judged
 * anew, which is cheaper than remembering. Bounded by instances in all; what is beyond is forgotten together.
 */
import { instancesOf } from '../catalog/read.ts';
import { type Instance, select } from '../catalog/select.ts';
import { serviceNameKey, type View } from '../catalog/tables.ts';
import { serviceTopic } from '../catalog/topics.ts';

/** Services with fewer instances are not remembered. */
const MIN_REMEMBERED = 64;
/** Instances that are remembered, over all services: some 100 octets each, three times where tags are asked for. */
const MAX_REMEMBERED = 200_000;

const WRONG_TAG = Object.freeze({ isIn: false, reason: 'tag' } as const);

/** One service at one moment. */
export class ServiceIndex {
  readonly #view: View;
  readonly #name: string;
  /** Every instance, whatever its tags. */
  readonly all: readonly Instance[];
  #inOrder: readonly Instance[] | undefined;
  #withoutTag: readonly Instance[] | undefined;
  #byTag: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(view: View, name: string, onlyPassing: boolean) {
    this.#view = view;
    this.#name = name;
    this.all = select(view, name, { onlyPassing });
  }

  /** In Consul's order, warnings let pass, as prepared queries take them. */
  get inOrder(): readonly Instance[] {
    this.#inOrder ??= instancesOf(this.#view, this.#name);
    return this.#inOrder;
  }

  /** Every instance, with the verdict that it lacks this tag where it does. O(instances) without looking at them. */
  withTag(tag: string): readonly Instance[] {
    this.#byTag ??= positionsByTag(this.all);
    this.#withoutTag ??= this.all.map((instance) => ({ ...instance, verdict: WRONG_TAG }));
    const positions = this.#byTag.get(tag.toLowerCase());
    if (positions === undefined) return this.#withoutTag;
    const judged = this.#withoutTag.slice();
    for (const position of positions) judged[position] = this.all[position] as Instance;
    return judged;
  }
}

function positionsByTag(instances: readonly Instance[]): ReadonlyMap<string, readonly number[]> {
  const byTag = new Map<string, number[]>();
  for (const [position, { service }] of instances.entries()) {
    for (const tag of service.tags) {
      const key = tag.toLowerCase();
      const positions = byTag.get(key);
      if (positions === undefined) byTag.set(key, [position]);
      else positions.push(position);
    }
  }
  return byTag;
}

export class ServiceIndexes {
  readonly #view: View;
  readonly #byTopic = new Map<string, ServiceIndex>();
  #remembered = 0;

  constructor(view: View) {
    this.#view = view;
  }

  /** The service of this name at this moment; one without instances when there is none. */
  of(name: string, onlyPassing: boolean): ServiceIndex {
    const topic = serviceTopic(name);
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    const index = new ServiceIndex(this.#view, serviceNameKey(name), onlyPassing);
    if (index.all.length >= MIN_REMEMBERED) this.#remember(topic, index);
    return index;
  }

  /** Forget the services that belong to these topics; to be called with every installed write. */
  invalidate(topics: Iterable<string>): void {
    if (this.#byTopic.size === 0) return;
    for (const topic of topics) {
      const index = this.#byTopic.get(topic);
      if (index === undefined) continue;
      this.#byTopic.delete(topic);
      this.#remembered -= index.all.length;
    }
  }

  /** Forget all: the configuration, which verdicts depend on, is another one. */
  clear(): void {
    this.#byTopic.clear();
    this.#remembered = 0;
  }

  #remember(topic: string, index: ServiceIndex): void {
    if (this.#remembered + index.all.length > MAX_REMEMBERED) this.clear();
    this.#byTopic.set(topic, index);
    this.#remembered += index.all.length;
  }
}
