/**
 * A network coordinate as the API shows it.
 */
import type { Coordinate } from '../../lib/network-coordinate.ts';
import type { Document } from './row-documents.ts';

export function coordinateDocument({ vec, error, adjustment, height }: Coordinate): Document {
  return { Vec: vec, Error: error, Adjustment: adjustment, Height: height };
}
