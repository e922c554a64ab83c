/**
 * The row above a list: search, choices, and how many rows are left. All of it is kept in the address.
 */
import type { ComponentChildren } from 'preact';
import { useApp } from '../app/app.ts';
import { Empty } from './basic.tsx';
import { Icon } from './icon.tsx';
import { count } from './text.ts';

/** A parameter of the address and the way to change it. */
export function useQueryValue(name: string): readonly [string, (value: string) => void] {
  const { router } = useApp();
  return [router.place.value.query.get(name) ?? '', (value) => router.setQuery({ [name]: value })];
}

interface FilterBarProps {
  readonly placeholder: string;
  readonly shown: number;
  readonly total: number;
  readonly children?: ComponentChildren;
}

export function FilterBar({ placeholder, shown, total, children }: FilterBarProps) {
  const [text, setText] = useQueryValue('q');
  return (
    <search class="filter-bar">
      <span class="search-box">
        <Icon name="queries" size={16} />
        <input
          type="search"
          data-search
          aria-label={placeholder}
          aria-keyshortcuts="/"
          placeholder={placeholder}
          value={text}
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="slash" aria-hidden="true">
          /
        </span>
      </span>
      {children}
      <span class="tally" role="status">
        {shown === total ? `all ${count(total)}` : `${count(shown)} of ${count(total)}`}
      </span>
    </search>
  );
}

const FILTERS = { q: '', status: '', tag: '', node: '', set: '' } as const;

/** A list of which nothing is left, and the way back to all of it. */
export function NoMatch({ noun }: { noun: string }) {
  const { router } = useApp();
  const showAll = () => {
    router.setQuery(FILTERS);
    document.querySelector<HTMLElement>('[data-search]')?.focus();
  };
  return (
    <Empty title={`No ${noun} matches.`}>
      <button type="button" onClick={showAll}>
        Show all
      </button>
    </Empty>
  );
}

interface SegmentsProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: ComponentChildren])[];
  readonly onChange: (value: string) => void;
}

/** A few choices side by side; the chosen one is pressed. */
export function Segments({ label, value, options, onChange }: SegmentsProps) {
  return (
    <fieldset class="segments" aria-label={label}>
      {options.map(([option, text]) => (
        <button type="button" key={option} aria-pressed={option === value} onClick={() => onChange(option)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
