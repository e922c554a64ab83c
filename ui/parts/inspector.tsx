/**
 * Details of the chosen row beside its list; over it on narrow screens. Escape closes it and the focus goes back.
 */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from './icon.tsx';

interface InspectorProps {
  readonly title: ComponentChildren;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Inspector({ title, label, onClose, children }: InspectorProps) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) onClose();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <aside class="inspector" aria-label={label}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="quiet" aria-label="Close details" onClick={onClose}>
          <Icon name="close" size={16} />
        </button>
      </header>
      <div class="inspector-body">{children}</div>
    </aside>
  );
}

/** A list, and its inspector when there is one. */
export function Split({ list, inspector }: { list: ComponentChildren; inspector: ComponentChildren }) {
  return (
    <div class={inspector ? 'split has-inspector' : 'split'}>
      <div class="split-list">{list}</div>
      {inspector}
    </div>
  );
}
