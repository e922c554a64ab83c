/**
 * Names of services with their tags as a Reply. Every instance of the catalog is behind it, so that where there are many,
 * or a filter is asked about each, they are looked at in turns before the first name is written (list-writer.ts).
 */
import type { ServiceNames } from '../../catalog/read.ts';
import type { Reply } from '../call-and-reply.ts';
import { SortedMap } from '../documents/go-json.ts';
import { json } from '../reply.ts';
import type { LongList } from './list-writer.ts';

/** Instances that are looked at in one turn: together they take less than a millisecond. */
const FEW_INSTANCES = 1_000;
/** The same when a filter is asked about each. */
const FEW_FILTERED = 16;

function namesInTurns(names: ServiceNames, atOnce: number): LongList {
  const { tagsOf } = names;
  let sorted: readonly string[] | undefined;
  const prepare = (): boolean => {
    if (names.gather(atOnce)) return true;
    sorted ??= [...tagsOf.keys()].sort();
    return false;
  };
  return {
    get length() {
      return sorted?.length ?? 0;
    },
    at: (index) => [...(tagsOf.get(sorted?.[index] ?? '') ?? [])],
    keyAt: (index) => sorted?.[index] ?? '',
    prepare,
  };
}

/** 200 with the tags of services by their names. */
export function serviceNamesReply(names: ServiceNames, isFiltered: boolean): Reply {
  const atOnce = isFiltered ? FEW_FILTERED : FEW_INSTANCES;
  if (names.instanceCount > atOnce) return { status: 200, list: namesInTurns(names, atOnce) };
  names.gather(names.instanceCount);
  return json(new SortedMap([...names.tagsOf].map(([name, tags]) => [name, [...tags]])));
}
