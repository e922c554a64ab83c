/**
 * Headers that answers carry beside their own: the same for all, those of the configuration, those of the API.
 *
 * Later layers win: always → what a reply only proposes → `http_config.response_headers` → what a reply says of itself.
 * Names are equal without regard to case, as in HTTP, so a configured `x-frame-options` replaces ours.
 */
import type { Reply } from './call-and-reply.ts';

export type Headers = Readonly<Record<string, string>>;

/** Answers hold texts that anybody may have registered: browsers take them for nothing else and show them in no frame. */
const ALWAYS: Headers = {
  Vary: 'Accept-Encoding',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Clients learn from it that addresses may be others than those that were registered. */
const TRANSLATES: Headers = { 'X-Consul-Translate-Addresses': 'true' };

/** The layers' headers; of names that are equal the last one, as it is spelled there. */
function overlay(...layers: readonly (Headers | undefined)[]): Headers {
  const byName = new Map<string, readonly [name: string, value: string]>();
  for (const layer of layers)
    for (const [name, value] of Object.entries(layer ?? {})) byName.set(name.toLowerCase(), [name, value]);
  return Object.fromEntries(byName.values());
}

export interface AnswerHeadersOptions {
  readonly isTranslating: boolean;
  readonly isClosing: boolean;
  /** What access control does where no rule matches. */
  readonly defaultPolicy?: 'allow' | 'deny';
}

export class AnswerHeaders {
  readonly #configured: Headers;
  readonly #closing: Headers;
  readonly #always: { readonly api: Headers; readonly other: Headers };
  readonly #isConfigured: boolean;

  constructor(
    configured: Headers,
    { isTranslating, isClosing, defaultPolicy = 'allow' }: AnswerHeadersOptions,
  ) {
    this.#configured = configured;
    this.#isConfigured = Object.keys(configured).length > 0;
    this.#closing = isClosing ? { Connection: 'close' } : {};
    const other = { 'X-Consul-Default-ACL-Policy': defaultPolicy, ...ALWAYS };
    this.#always = { api: isTranslating ? { ...other, ...TRANSLATES } : other, other };
  }

  /** All headers of a reply but its length; `isApi` for paths of the API, whether they are answered or refused. */
  of({ defaultHeaders, headers }: Reply, own: Headers, isApi: boolean): Headers {
    const always = isApi ? this.#always.api : this.#always.other;
    if (this.#isConfigured)
      return overlay(always, defaultHeaders, this.#configured, this.#closing, own, headers);
    return { ...always, ...defaultHeaders, ...this.#closing, ...own, ...headers };
  }
}
