/**
 * The rules of the policies that every catalog with access control begins with.
 */

const EVERYTHING = ['agent', 'event', 'key', 'node', 'query', 'service', 'session'] as const;

function allOf(access: 'read' | 'write'): string {
  const named = EVERYTHING.map((resource) => {
    const intentions = resource === 'service' ? `\n\tintentions = "${access}"` : '';
    return `${resource}_prefix "" {\n\tpolicy = "${access}"${intentions}\n}`;
  });
  const valued = ['acl', 'keyring', 'mesh', 'operator', 'peering'].map(
    (resource) => `${resource} = "${access}"`,
  );
  return `\n${[...valued, ...named].join('\n')}\n`;
}

/** Everything; the policy with these rules can neither be deleted nor given others. */
export const GLOBAL_MANAGEMENT_RULES = allOf('write');
/** Everything may be seen. */
export const GLOBAL_READ_ONLY_RULES = allOf('read');
