/**
 * All members, as the installed rows have them (member.ts).
 */
import type { Applied } from '../catalog/state.ts';
import { nodeKey, type View } from '../catalog/tables.ts';
import type { SettingRow } from '../model/types.ts';
import { MEMBER_PREFIX, type Member, memberOfRow } from './member.ts';

export class MemberTable {
  readonly #members = new Map<string, Member>();
  /** Keys of members by their ids; several may have had the same one. */
  readonly #keyOfId = new Map<string, string>();

  constructor(view: View) {
    for (const row of view.settings.values()) this.#take(row);
  }

  /** To be called with every installed write. */
  onInstalled(applied: readonly Applied[]): void {
    for (const { table, before, after } of applied) {
      if (table !== 'settings') continue;
      const { name } = (after ?? before) as SettingRow;
      if (after !== undefined) this.#take(after as SettingRow);
      else if (name.startsWith(MEMBER_PREFIX)) this.#members.delete(name.slice(MEMBER_PREFIX.length));
    }
  }

  get size(): number {
    return this.#members.size;
  }

  /** By node, in no particular order. */
  all(): Iterable<Member> {
    return this.#members.values();
  }

  /** The member with this node name, without regard to case. */
  of(node: string): Member | undefined {
    return this.#members.get(nodeKey(node));
  }

  /** The member that was told of last under this id, if it is one still. */
  withId(id: string): Member | undefined {
    const member = this.#members.get(this.#keyOfId.get(id) ?? '');
    return member?.agent.node.id === id ? member : undefined;
  }

  #take({ name, value }: SettingRow): void {
    if (!name.startsWith(MEMBER_PREFIX)) return;
    const key = name.slice(MEMBER_PREFIX.length);
    const member = memberOfRow(value);
    if (member === undefined) this.#members.delete(key);
    else {
      this.#members.set(key, member);
      this.#keyOfId.set(member.agent.node.id, key);
    }
  }
}
