/**
 * URLs as they may be shown in a log: with `<hidden>` where a secret stands.
 *
 * Secrets come as `?token=`, however its name is escaped, and as the last part of paths that older clients ask
 * (`/v1/acl/info/SECRET`).
 */

const HIDDEN = '<hidden>';
const OLD_PATHS = /^(\/v1\/acl\/(?:info|clone|destroy|rules\/translate)\/)[^?]+/i;
const PARAMETER = /([?&])([^=&]+)=([^&]*)/g;

function isToken(name: string): boolean {
  try {
    return decodeURIComponent(name).toLowerCase() === 'token';
  } catch {
    return true;
  }
}

/** The URL without its secrets. */
export function withoutSecrets(url: string): string {
  return url
    .replace(OLD_PATHS, `$1${HIDDEN}`)
    .replace(PARAMETER, (whole, before: string, name: string) =>
      isToken(name) ? `${before}token=${HIDDEN}` : whole,
    );
}
