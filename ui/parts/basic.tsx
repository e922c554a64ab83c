/**
 * Small pieces of text and layout that every page uses: heads, cards, empty states, tags, copyable commands, times.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api/client.ts';
import { useApp } from '../app/app.ts';
import { Icon } from './icon.tsx';
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

/** What the agent said no with, and what that means for this page. */
export function Refusal({ error, what }: { error: ApiError; what: string }) {
  const isMissing = error.status === 404 || error.status === 501;
  return (
    <div class="refusal" role="alert">
      <p>
        <strong>{isMissing ? `This agent does not offer ${what}.` : `Could not read ${what}.`}</strong>
      </p>
      <p class="mono">{error.message}</p>
    </div>
  );
}

export function Tags({ tags, limit = 12 }: { tags: readonly string[]; limit?: number }) {
  if (tags.length === 0) return null;
  return (
    <span class="tags">
      {tags.slice(0, limit).map((tag) => (
        <span key={tag} class="tag" title={tag}>
          {tag}
        </span>
      ))}
      {tags.length > limit && <span class="more">+{tags.length - limit}</span>}
    </span>
  );
}

/** A command to take along. */
export function Command({ text, label }: { text: string; label: string }) {
  const { clock } = useApp();
  const isCopied = useSignal(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    isCopied.value = true;
    await clock.pause(1_500);
    isCopied.value = false;
  }
  return (
    <div class="command">
      <pre tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy: ${label}`}>
        <Icon name={isCopied.value ? 'passing' : 'copy'} size={15} />
        <span>{isCopied.value ? 'copied' : 'copy'}</span>
      </button>
    </div>
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

/** "3 min ago", growing by itself, with the full time on hover. */
export function Ago({ ms }: { ms: number }) {
  const { clock } = useApp();
  const date = new Date(ms);
  return (
    <time class="ago" dateTime={date.toISOString()} title={date.toLocaleString()}>
      {elapsed(clock.tick.value - ms)} ago
    </time>
  );
}

interface FactsProps {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}

/** Names and values, one pair a line; empty values are left out. */
export function Facts({ facts }: FactsProps) {
  const shown = facts.filter(([, value]) => value !== '' && value !== undefined && value !== null);
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
