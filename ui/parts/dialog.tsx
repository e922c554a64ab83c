/**
 * Questions and forms over the page: the browser's own <dialog>, which traps the focus and closes with Escape.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { type Action, useAction } from '../api/use-live.ts';
import { MissingRight } from './basic.tsx';
import { giveFocusBack } from './focus.ts';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, class: extra = '', children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const shown = element.current;
    const before = document.activeElement;
    shown?.showModal();
    // It leaves the document before the browser would give the focus back.
    return () => {
      shown?.close();
      giveFocusBack(before);
    };
  }, []);
  return (
    <dialog ref={element} class={extra} aria-labelledby={titleId} onClose={onClose} onCancel={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}

export function ActionError({ action }: { action: Action }) {
  if (action.error.value === '') return null;
  return (
    <div class="form-error" role="alert">
      <p>{action.error.value}</p>
      <MissingRight refusal={action.error.value} />
    </div>
  );
}

interface FormProps {
  readonly action: Action;
  readonly verb: string;
  readonly isDanger?: boolean;
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
  readonly children?: ComponentChildren;
}

/** A form in a dialog: fields, the refusal if there was one, cancel and the verb. */
export function DialogForm({ action, verb, isDanger = false, onSubmit, onCancel, children }: FormProps) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
      <ActionError action={action} />
      <div class="dialog-actions">
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" class={isDanger ? 'danger' : 'primary'} disabled={action.isBusy.value}>
          {verb}
        </button>
      </div>
    </form>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly verb: string;
  readonly isDanger?: boolean;
  /** What to say when it is done. */
  readonly done: string;
  readonly work: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly onDone?: () => void;
  readonly children: ComponentChildren;
}

/** Ask, do, say what happened. A refusal stays in the dialog with the agent's text. */
export function Confirm(props: ConfirmProps) {
  const action = useAction();
  const submit = async () => {
    if (!(await action.run(props.work, props.done))) return;
    props.onDone?.();
    props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <DialogForm
        action={action}
        verb={props.verb}
        isDanger={props.isDanger ?? false}
        onSubmit={() => void submit()}
        onCancel={props.onClose}
      >
        {props.children}
      </DialogForm>
    </Dialog>
  );
}
