/** A list of short texts that is typed one after the other: Enter or Add takes one, the cross takes it out again. */
import { type Signal, useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';

/** What the browser offers while one types. */
const SUGGESTION_LIMIT = 500;

interface PickListProps {
  readonly label: string;
  readonly values: Signal<readonly string[]>;
  readonly suggestions?: readonly string[];
  readonly placeholder?: string;
  readonly hint?: string;
  /** Why a text cannot be taken; '' when it can. */
  readonly refuse?: (text: string) => string;
}

function Picked({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <li class="tag">
      <span>{text}</span>
      <button type="button" class="quiet" aria-label={`Take out ${text}`} onClick={onRemove}>
        <Icon name="close" size={11} />
      </button>
    </li>
  );
}

export function PickList(props: PickListProps) {
  const { label, values, suggestions = [], hint } = props;
  const id = useId();
  const typed = useSignal('');
  const problem = useSignal('');
  const take = () => {
    const text = typed.peek().trim();
    if (text === '') return;
    problem.value = props.refuse?.(text) ?? '';
    if (problem.peek() !== '') return;
    if (!values.peek().includes(text)) values.value = [...values.peek(), text];
    typed.value = '';
  };
  return (
    <div class="field pick-list">
      <label for={id}>{label}</label>
      {values.value.length > 0 && (
        <ul class="tags" aria-label={label}>
          {values.value.map((text) => (
            <Picked
              key={text}
              text={text}
              onRemove={() => (values.value = values.peek().filter((other) => other !== text))}
            />
          ))}
        </ul>
      )}
      <div class="pick">
        <input
          id={id}
          class="mono"
          list={`${id}-list`}
          value={typed.value}
          placeholder={props.placeholder ?? ''}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          // What was typed and not added is not lost when somebody goes on to the button that saves.
          onBlur={take}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || typed.peek().trim() === '') return;
            event.preventDefault();
            take();
          }}
        />
        <button type="button" aria-label={`Add: ${label}`} onClick={take}>
          Add
        </button>
      </div>
      <datalist id={`${id}-list`}>
        {suggestions.slice(0, SUGGESTION_LIMIT).map((text) => (
          <option key={text} value={text} />
        ))}
      </datalist>
      {problem.value !== '' && (
        <p class="code-problem" role="alert">
          {problem.value}
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
