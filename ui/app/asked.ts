/** Dialogs that an address asks for (`?do=register`), so that a link, or the search over everything, can lead to an action. */
import { useApp } from './app.ts';

/** Which of these dialogs the address asks for, '' for none, and the way to say that it was closed. */
export function useAsked<Name extends string>(names: readonly Name[]): readonly [Name | '', () => void] {
  const { router } = useApp();
  const asked = router.place.value.query.get('do');
  const name = names.find((own) => own === asked) ?? '';
  const close = (): void => {
    if (name !== '') router.setQuery({ do: '' });
  };
  return [name, close];
}
