/**
 * Says that a page is not whole: lists leave out what a token may not see, and an empty list would look as if there were
 * nothing.
 */
import { SELF } from '../api/paths.ts';
import type { AgentSelf } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Icon } from './icon.tsx';

export function RightsNote() {
  const { settings, live, signing } = useApp();
  const { error } = useLive<AgentSelf>(SELF);
  const isSignedIn = settings.token.value !== '';
  const isUnknown = !isSignedIn && error.value?.status === 403;
  if (!isUnknown && !live.isFiltered.value) return null;
  return (
    <div class="rights-note" role="status">
      <Icon name="access" size={16} />
      <p>
        {isSignedIn
          ? 'Your token may not see everything: some of it is left out here.'
          : 'You are not signed in, and access control is on: what you may not see is left out.'}
      </p>
      <button type="button" onClick={() => (signing.value = 'in')}>
        {isSignedIn ? 'Use another token' : 'Sign in'}
      </button>
    </div>
  );
}
