/** Lines for a shell that can be copied: one of them, or several behind a word that opens them. */
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { Icon } from './icon.tsx';

/**
 * Put the text of `element` on the clipboard. Browsers give the clipboard only to HTTPS and to their own machine, and agents are
 * mostly asked over plain HTTP: there the text is selected and copied as by hand, and stays selected when that is refused too.
 */
async function copyTextOf(element: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    return document.execCommand('copy');
  }
}

function useCopy(element: RefObject<HTMLElement | null>) {
  const { clock } = useApp();
  const said = useSignal<'copy' | 'copied' | 'press Ctrl+C'>('copy');
  async function copy(): Promise<void> {
    if (!element.current) return;
    said.value = (await copyTextOf(element.current)) ? 'copied' : 'press Ctrl+C';
    await clock.pause(1_500);
    said.value = 'copy';
  }
  return { said, copy };
}

/** A command to take along. */
export function Command({ text, label }: { text: string; label: string }) {
  const box = useRef<HTMLPreElement>(null);
  const { said, copy } = useCopy(box);
  return (
    <div class="command">
      <pre ref={box} tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy: ${label}`}>
        <Icon name={said.value === 'copied' ? 'passing' : 'copy'} size={15} />
        <span aria-live="polite">{said.value}</span>
      </button>
    </div>
  );
}

interface CommandsProps {
  readonly title?: string;
  readonly lines: readonly (readonly [label: string, text: string])[];
}

/** What this place of the page shows and does, for a shell. */
export function Commands({ title = 'On the command line', lines }: CommandsProps) {
  return (
    <details class="commands">
      <summary>{title}</summary>
      {lines.map(([label, text]) => (
        <div key={label}>
          <p class="hint">{label}</p>
          <Command label={label} text={text} />
        </div>
      ))}
    </details>
  );
}
