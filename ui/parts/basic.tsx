/**
 * Small pieces of text and layout that every page uses: heads, cards, empty states, tags, outputs, times, text with links.
 */
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client.ts';
import { useApp } from '../app/app.ts';
import { missingRight } from '../app/rule-sentences.ts';
import { elapsed } from './text.ts';

interface HeadProps {
  readonly title: ComponentChildren;
  readonly about?: ComponentChildren;
  readonly above?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The head of a page: title, a line about it, and its actions at the right. */
export function PageHead({ title, about, above, children }: HeadProps) {
  return (
    <header class="page-head">
      <div>
        {above && <p class="crumbs">{above}</p>}
        <h1 tabIndex={-1}>{title}</h1>
        {about && <p class="about">{about}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </header>
  );
}

interface CardProps {
  readonly title: ComponentChildren;
  readonly side?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Card({ title, side, class: extra = '', children }: CardProps) {
  return (
    <section class={`card ${extra}`}>
      <header>
        <h2>{title}</h2>
        {side && <span class="side">{side}</span>}
      </header>
      {children}
    </section>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what} …
    </p>
  );
}

/** Which right a refusal says to be missing; nothing where it says none. */
export function MissingRight({ refusal }: { refusal: string }) {
  const missing = missingRight(refusal);
  if (!missing) return null;
  return (
    <p>
      It takes a token with the right <strong class="mono">{missing.right}</strong>
      {missing.name !== '' && (
        <>
          {' '}
          on <span class="mono">{missing.name}</span>
        </>
      )}
      .
    </p>
  );
}

function SignInHere() {
  const { settings, signing } = useApp();
  return (
    <p>
      <button type="button" onClick={() => (signing.value = 'in')}>
        {settings.token.value === '' ? 'Sign in' : 'Sign in with another token'}
      </button>
    </p>
  );
}

/** What the agent said no with, and what that means for this page. */
export function Refusal({ error, what }: { error: ApiError; what: string }) {
  const isMissing = error.status === 404 || error.status === 501;
  const isDenied = error.status === 401 || error.status === 403;
  const head = isMissing
    ? `This agent does not offer ${what}.`
    : isDenied
      ? `You may not see ${what}.`
      : `Could not read ${what}.`;
  return (
    <div class="refusal" role="alert">
      <p>
        <strong>{head}</strong>
      </p>
      <p class="mono">{error.message}</p>
      <MissingRight refusal={error.message} />
      {isDenied && <SignInHere />}
    </div>
  );
}

export function Tags({ tags, limit = 12 }: { tags: readonly string[]; limit?: number }) {
  if (tags.length === 0) return null;
  return (
    <span class="tag-line">
      <span class="tags">
        {tags.slice(0, limit).map((tag) => (
          <span key={tag} class="tag" title={tag}>
            {tag}
          </span>
        ))}
      </span>
      {tags.length > limit && <span class="more">of {tags.length}</span>}
    </span>
  );
}

interface OutputProps {
  readonly label: string;
  readonly isTall?: boolean;
  readonly children: ComponentChildren;
}

/** Text as a program wrote it, in a box that scrolls. */
export function Output({ label, isTall = false, children }: OutputProps) {
  return (
    <pre class={isTall ? 'output tall' : 'output'} tabIndex={0} role="group" aria-label={label}>
      {children}
    </pre>
  );
}

interface AgoProps {
  readonly ms: number;
  /** Of something that goes on since then: "for 3 min". */
  readonly isLasting?: boolean;
}

/** "3 min ago", growing by itself, with the full time on hover. */
export function Ago({ ms, isLasting = false }: AgoProps) {
  const { clock } = useApp();
  const date = new Date(ms);
  const text = elapsed(clock.tick.value - ms);
  return (
    <time class="ago" dateTime={date.toISOString()} title={date.toLocaleString()}>
      {isLasting ? `for ${text}` : `${text} ago`}
    </time>
  );
}

const WEB_ADDRESS = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/;

/** Text of a person, whose web addresses (a runbook, a dashboard) can be followed. */
export function Linked({ text }: { text: string }) {
  // What the pattern captures stands at the odd places.
  const parts = text.split(WEB_ADDRESS);
  return (
    <>
      {parts.map((part, at) =>
        at % 2 === 0 ? (
          part
        ) : (
          <a key={`${at}${part}`} href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ),
      )}
    </>
  );
}

interface FactsProps {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}

/** Names and values, one pair a line; empty values are left out. */
export function Facts({ facts }: FactsProps) {
  const shown = facts.filter(
    ([, value]) => value !== '' && value !== false && value !== undefined && value !== null,
  );
  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
