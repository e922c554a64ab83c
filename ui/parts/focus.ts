/** Where the keyboard goes when panels and dialogs come and go. */

/** To where it was before, or to the head of the page where that is gone. */
export function giveFocusBack(before: Element | null): void {
  const isThere = before instanceof HTMLElement && before.isConnected && before !== document.body;
  const target = isThere ? before : document.querySelector<HTMLElement>('main h1');
  target?.focus({ preventScroll: true });
}

/** Into the details beside the list; false when none are open. */
export function enterDetails(): boolean {
  const first = document.querySelector<HTMLElement>('.inspector button');
  first?.focus();
  return first !== null;
}
