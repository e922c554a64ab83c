/**
 * An authorizer that allows what a list of texts says and nothing else: `service:read web`, `key:write a/b`, `acl:write`;
 * a name that ends in `*` stands for all that begin with it.
 */
import type { Authorizer } from '../../src/http/access/right.ts';

export function asker(...allowed: readonly string[]): Authorizer {
  const rules = allowed.map((text) => {
    const [what = '', name = ''] = text.split(' ');
    return { what, name: name.replace(/\*$/, ''), isPrefix: name.endsWith('*') };
  });
  return {
    isUnlimited: false,
    group: allowed.join(', '),
    allows: (right) =>
      rules.some(
        ({ what, name, isPrefix }) =>
          what === `${right.resource}:${right.level}` &&
          (isPrefix ? right.name.startsWith(name) : right.name === name),
      ),
  };
}
