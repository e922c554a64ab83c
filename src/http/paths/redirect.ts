/**
 * A permanent redirect as Consul's HTTP library writes it: with a line of HTML for those who only look (GET).
 */
import type { Reply } from '../call-and-reply.ts';

const HTML_TEXT: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** The reply that sends whoever asked with `method` to `location`, a path with its query. Never throws. */
export function redirect(method: string, location: string): Reply {
  if (method !== 'GET') return { status: 301, headers: { Location: location } };
  const link = location.replace(/[&<>"']/g, (char) => HTML_TEXT[char] ?? char);
  return {
    status: 301,
    headers: { Location: location, 'Content-Type': 'text/html; charset=utf-8' },
    body: Buffer.from(`<a href="${link}">Moved Permanently</a>.\n\n`),
  };
}
