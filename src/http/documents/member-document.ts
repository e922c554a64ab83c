/**
 * A member in the shape that members are shown.
 */
import type { MemberView } from '../membership.ts';
import { sorted } from './go-json.ts';
import type { Document } from './row-documents.ts';

/** Serf's numbers. */
const STATUS: Readonly<Record<MemberView['status'], number>> = { alive: 1, leaving: 2, left: 3, failed: 4 };

const PROTOCOL: Document = {
  ProtocolMin: 1,
  ProtocolMax: 5,
  ProtocolCur: 2,
  DelegateMin: 2,
  DelegateMax: 5,
  DelegateCur: 4,
};

export function memberDocument({ name, address, port, tags, status }: MemberView): Document {
  return { Name: name, Addr: address, Port: port, Tags: sorted(tags), Status: STATUS[status], ...PROTOCOL };
}
