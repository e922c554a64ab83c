/**
 * What a check registered over HTTP is decoded with: the limits of the configuration, and a line in the log where the
 * registration asked for less than there is.
 */
import { type CheckDefaults, raisedText } from '../../decode/check-definition.ts';
import type { HttpParts } from '../http-parts.ts';

/** For the routes that register checks, alone or with a service. */
export function checkDefaults({ config, log }: Pick<HttpParts, 'config' | 'log'>): CheckDefaults {
  return {
    outputMaxBytes: config.checkOutputMaxBytes,
    onRaised: (raised) => log.warn({ check: raised.check }, raisedText(raised)),
  };
}
