/** A page whose code is loaded when somebody goes there, and kept from then on. */
import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Loading, PageHead } from './basic.tsx';

type Page = ComponentType<{ rest: string | undefined }>;

interface LaterProps {
  readonly load: () => Promise<Page>;
  readonly rest: string | undefined;
  readonly what: string;
}

export function Later({ load, rest, what }: LaterProps) {
  // A component is a function, and a signal holds it as it is.
  const page = useSignal<{ readonly Page: Page } | undefined>(undefined);
  const isMissing = useSignal(false);
  useEffect(() => {
    load().then(
      (Page) => (page.value = { Page }),
      () => (isMissing.value = true),
    );
  }, [load, page, isMissing]);
  if (page.value) return <page.value.Page rest={rest} />;
  if (!isMissing.value) return <Loading what={what} />;
  return (
    <>
      <PageHead title="This page could not be loaded" />
      <p>
        The agent did not answer, or has a newer version of it:{' '}
        <button type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </p>
    </>
  );
}
