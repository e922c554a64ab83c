/**
 * A text field for what has a form (rules, JSON, YAML): numbered lines, none of them broken, and a mark at the line that
 * something is wrong with.
 */
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useMemo, useRef } from 'preact/hooks';

interface CodeFieldProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly rows?: number;
  readonly placeholder?: string;
  readonly isReadOnly?: boolean;
  /** From 1; the line that `problem` is about. */
  readonly marked?: number | undefined;
  /** What is wrong; a warning does not keep anybody from saving. */
  readonly problem?: ComponentChildren;
  readonly hint?: ComponentChildren;
}

function lineCountOf(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** Numbers from `from` up to `to`, one a line. */
const numbers = (from: number, to: number): string =>
  Array.from({ length: Math.max(to - from + 1, 0) }, (_, at) => `${from + at}\n`).join('');

function Gutter({ count, marked }: { count: number; marked: number }) {
  const [before, after] = useMemo(
    () => [numbers(1, Math.min(marked - 1, count)), numbers(marked + 1, count)],
    [count, marked],
  );
  return (
    <>
      {marked > count ? numbers(1, count) : before}
      {marked <= count && <mark>{`${marked}\n`}</mark>}
      {marked <= count && after}
    </>
  );
}

export function CodeField(props: CodeFieldProps) {
  const { value, problem, hint } = props;
  const id = useId();
  const gutter = useRef<HTMLPreElement>(null);
  const count = lineCountOf(value.value);
  const follow = (area: HTMLTextAreaElement) => {
    if (gutter.current) gutter.current.scrollTop = area.scrollTop;
  };
  const about = [problem ? `${id}-problem` : '', hint ? `${id}-hint` : ''].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="code">
        <pre ref={gutter} aria-hidden="true">
          <Gutter count={count} marked={props.marked ?? count + 1} />
        </pre>
        <textarea
          id={id}
          class="mono"
          wrap="off"
          rows={props.rows ?? 10}
          value={value.value}
          placeholder={props.placeholder ?? ''}
          readOnly={props.isReadOnly ?? false}
          spellcheck={false}
          aria-invalid={props.marked !== undefined}
          aria-describedby={about === '' ? undefined : about}
          onScroll={(event) => follow(event.currentTarget)}
          onInput={(event) => {
            value.value = event.currentTarget.value;
            follow(event.currentTarget);
          }}
        />
      </div>
      {problem && (
        <p class="code-problem" id={`${id}-problem`} role="status">
          {problem}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
