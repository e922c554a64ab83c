/**
 * Details of the chosen row beside its list; over it on narrow screens. Escape closes it and the focus goes back.
 */
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { giveFocusBack } from './focus.ts';
import { Icon } from './icon.tsx';

interface InspectorProps {
  readonly title: ComponentChildren;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Where the panel covers the list, the focus goes into it; from within it goes back when the panel closes. */
function useFocusInside(panel: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const before = document.activeElement;
    const shown = panel.current;
    if (!shown) return;
    if (getComputedStyle(shown).position === 'fixed') shown.querySelector<HTMLElement>('button')?.focus();
    return () => {
      const { activeElement } = document;
      if (activeElement === document.body || shown.contains(activeElement)) giveFocusBack(before);
    };
  }, [panel]);
}

export function Inspector({ title, label, onClose, children }: InspectorProps) {
  const panel = useRef<HTMLElement>(null);
  useFocusInside(panel);
  // Before it is painted: who sees the details may press the key.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) onClose();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <aside ref={panel} class="inspector" aria-label={label}>
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
