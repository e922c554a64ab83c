/**
 * `?filter=`: keeps the documents that an expression selects, Consul's prefix on what is wrong with it.
 */
import { compileFilter, type Predicate } from '../../filter/compile.ts';
import type { FieldTree } from '../../filter/fields.ts';
import type { Call } from '../call-and-reply.ts';
import { first } from './query-values.ts';

const EVERYTHING: Predicate = () => true;

/** Whether a predicate comes from a filter, so that asking it may take long. */
export function isSelective(predicate: Predicate | undefined): boolean {
  return predicate !== undefined && predicate !== EVERYTHING;
}

/** The predicate of a call's filter over documents of a kind; keeps everything without one. Throws bad_filter. */
export function filterOf(call: Call, fields: FieldTree): Predicate {
  const expression = first(call.query, 'filter');
  return expression ? compileFilter(expression, fields) : EVERYTHING;
}
