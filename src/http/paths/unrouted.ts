/**
 * Answers to requests that no route takes: OPTIONS and wrong methods of paths that exist, paths without their last
 * slash, the root, and everything else.
 */

import type { HttpParts } from '../http-parts.ts';
import { text } from '../reply.ts';
import type { Method, Reply } from '../route.ts';
import { redirectToCleanPath } from './clean-path.ts';
import type { PathTable } from './path-table.ts';
import { redirect } from './redirect.ts';

const NO_UI =
  'Agent: UI disabled. To enable, set ui_config.enabled=true in the agent configuration and restart.';

const allow = (methods: readonly Method[]): { Allow: string } => ({
  Allow: ['OPTIONS', ...methods].join(','),
});

/** The refusal of a method that a path does not have. */
export function notAllowed(method: string, methods: readonly Method[]): Reply {
  return text(405, `method ${method} not allowed`, allow(methods));
}

function unknownPath(path: string): Reply {
  return path.includes('/v1/')
    ? text(404, 'Invalid URL path: not a recognized HTTP API endpoint')
    : text(404, "Invalid URL path: if attempting to use the HTTP API, ensure the path starts with '/v1/'");
}

/** The reply to `method` on `url`, which no route took. Never throws. */
export function replyUnrouted(method: string, url: string, paths: PathTable, { config }: HttpParts): Reply {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const methods = paths.methodsOf(path);
  if (methods !== undefined) {
    return method === 'OPTIONS' ? { status: 200, headers: allow(methods) } : notAllowed(method, methods);
  }
  const clean = redirectToCleanPath({ method, url });
  if (clean !== undefined) return clean;
  if (path === '/') return config.isUiEnabled ? redirect(method, config.uiContentPath) : text(200, NO_UI);
  const isSubtree = !path.endsWith('/') && paths.methodsOf(`${path}/`) !== undefined;
  return isSubtree ? redirect(method, `${path}/${query === -1 ? '' : url.slice(query)}`) : unknownPath(path);
}
