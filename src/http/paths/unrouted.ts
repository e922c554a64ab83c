/**
 * Answers to requests that no route takes: OPTIONS and wrong methods of paths that exist, paths without their last
 * slash, the root, and everything else.
 */

import type { Call, Method, Reply } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import { text } from '../reply.ts';
import { pathOf } from './canonical-url.ts';
import type { PathTable } from './path-table.ts';
import { redirect } from './redirect.ts';

const NO_UI =
  'Agent: UI disabled. To enable, set ui_config.enabled=true in the agent configuration and restart.';

const allow = (methods: readonly Method[]): { Allow: string } => ({
  Allow: ['OPTIONS', ...methods].join(','),
});

/** The refusal of a method that a path does not have. */
function notAllowed(method: string, methods: readonly Method[]): Reply {
  return text(405, `method ${method} not allowed`, allow(methods));
}

function unknownPath(path: string): Reply {
  return path.includes('/v1/')
    ? text(404, 'Invalid URL path: not a recognized HTTP API endpoint')
    : text(404, "Invalid URL path: if attempting to use the HTTP API, ensure the path starts with '/v1/'");
}

/** The reply to a method that a path does not have: the ones it has, to OPTIONS as an answer. Never throws. */
export function replyToOtherMethod(method: string, methods: readonly Method[]): Reply {
  return method === 'OPTIONS' ? { status: 200, headers: allow(methods) } : notAllowed(method, methods);
}

/** The reply to `method` on `url`, whose path no route has. Never throws. */
export function replyUnrouted(
  { method, url }: Pick<Call, 'method' | 'url'>,
  paths: PathTable,
  { config }: HttpParts,
): Reply {
  const path = pathOf(url);
  if (path === '/') return config.isUiEnabled ? redirect(method, config.uiContentPath) : text(200, NO_UI);
  return paths.isSubtree(path) ? redirect(method, `${path}/${url.slice(path.length)}`) : unknownPath(path);
}
