/** Labelled controls bound to signals: text, number, choice, area, check box. */
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly hint?: ComponentChildren;
  readonly placeholder?: string;
  readonly type?: 'text' | 'number' | 'password' | 'search';
  readonly isRequired?: boolean;
  readonly isMono?: boolean;
  /** The field that `/` goes to. */
  readonly isSearch?: boolean;
  /** What the browser offers while one types; at most SUGGESTION_LIMIT of them. */
  readonly suggestions?: readonly string[];
  readonly class?: string;
  /** What is wrong with the value; '' when nothing is. */
  readonly problem?: string;
}

const SUGGESTION_LIMIT = 500;

function Suggestions({ id, texts }: { id: string; texts: readonly string[] }) {
  return (
    <datalist id={id}>
      {texts.slice(0, SUGGESTION_LIMIT).map((text) => (
        <option key={text} value={text} />
      ))}
    </datalist>
  );
}

/** What stands below a field, and the ids by which the field names it. */
function Below({ id, problem, hint }: { id: string } & Pick<FieldProps, 'problem' | 'hint'>) {
  return (
    <>
      {problem && (
        <p class="code-problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  );
}

const belowIds = (id: string, { problem, hint }: Pick<FieldProps, 'problem' | 'hint'>) =>
  [problem && `${id}-problem`, hint && `${id}-hint`].filter(Boolean).join(' ') || undefined;

export function TextField(props: FieldProps) {
  const id = useId();
  const { value } = props;
  // The types of Preact want to know which kind it is; the attributes here are the same for all of these.
  const kind = { type: props.type ?? 'text' } as { type: 'text' };
  return (
    <div class={`field ${props.class ?? ''}`}>
      <label for={id}>{props.label}</label>
      <input
        id={id}
        {...kind}
        class={props.isMono ? 'mono' : ''}
        value={value.value}
        placeholder={props.placeholder ?? ''}
        required={props.isRequired ?? false}
        autocomplete="off"
        data-search={props.isSearch ? '' : undefined}
        list={props.suggestions ? `${id}-list` : undefined}
        spellcheck={false}
        aria-invalid={props.problem ? true : undefined}
        aria-describedby={belowIds(id, props)}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
      {props.suggestions && <Suggestions id={`${id}-list`} texts={props.suggestions} />}
      <Below id={id} problem={props.problem ?? ''} hint={props.hint} />
    </div>
  );
}

export function AreaField(props: Omit<FieldProps, 'type'> & { readonly rows?: number }) {
  const id = useId();
  const { value } = props;
  return (
    <div class={`field ${props.class ?? ''}`}>
      <label for={id}>{props.label}</label>
      <textarea
        id={id}
        class="mono"
        rows={props.rows ?? 4}
        value={value.value}
        placeholder={props.placeholder ?? ''}
        required={props.isRequired ?? false}
        spellcheck={false}
        aria-invalid={props.problem ? true : undefined}
        aria-describedby={belowIds(id, props)}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
      <Below id={id} problem={props.problem ?? ''} hint={props.hint} />
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
  readonly class?: string;
}

export function Choice({ label, value, options, onChange, class: extra = '' }: ChoiceProps) {
  const id = useId();
  return (
    <div class={`field ${extra}`}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function CheckBox({ label, value }: { label: ComponentChildren; value: Signal<boolean> }) {
  return (
    <label class="check-box">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      <span>{label}</span>
    </label>
  );
}
