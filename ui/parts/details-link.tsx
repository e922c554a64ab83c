/** The link of a row that shows its details beside the list. A click with a modifier stays the browser's: a new tab. */
import type { ComponentChildren } from 'preact';
import { useApp } from '../app/app.ts';

interface DetailsLinkProps {
  /** Parts of the address that name the row. */
  readonly to: Readonly<Record<string, string>>;
  readonly children: ComponentChildren;
}

export function DetailsLink({ to, children }: DetailsLinkProps) {
  const { router } = useApp();
  return (
    <a
      class="row-link"
      href={router.to(router.place.value.segments, to)}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        router.openDetails(to);
      }}
    >
      {children}
    </a>
  );
}
