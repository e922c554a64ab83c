/** Who one is by the token that the page sends, and what that gives. */
import type { TokenShape } from '../api/acl-shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Card, Facts, Loading } from '../parts/basic.tsx';
import { Command } from '../parts/command.tsx';
import { grantFacts } from './acl-grants.tsx';
import { Expires, tokenTitle } from './acl-tokens.tsx';
import { TokenRights } from './acl-who-may.tsx';

function Nobody() {
  const { signing } = useApp();
  return (
    <Card title="You are not signed in">
      <p>
        The page sends no token, so you may do what everybody may: what the agent’s default token or the
        anonymous token gives.
      </p>
      <p>
        <button type="button" class="primary" onClick={() => (signing.value = 'in')}>
          Sign in
        </button>
      </p>
      <p class="hint">No token exists yet? The first one, which may do everything, is made once with:</p>
      <Command label="make the first token" text="rollcall acl bootstrap" />
    </Card>
  );
}

function SignedIn() {
  const { signing } = useApp();
  const { data, error } = useLive<TokenShape>('/v1/acl/token/self');
  const token = data.value;
  if (!token && !error.value) return <Loading what="your token" />;
  return (
    <Card title={token ? tokenTitle(token) : 'Your token is not known any more'} side="signed in">
      {token ? (
        <Facts
          facts={[
            [
              'accessor',
              <span key="accessor" class="mono">
                {token.AccessorID}
              </span>,
            ],
            ...grantFacts(token),
            ['by login', token.AuthMethod ?? ''],
            ['ends', <Expires key="ends" token={token} />],
          ]}
        />
      ) : (
        <p role="alert">
          It may have expired or been deleted: <span class="mono">{error.value?.message}</span>
        </p>
      )}
      <p class="button-row">
        <button type="button" onClick={() => (signing.value = 'out')}>
          Sign out
        </button>
        {!token && (
          <button type="button" class="primary" onClick={() => (signing.value = 'in')}>
            Sign in with another token
          </button>
        )}
      </p>
    </Card>
  );
}

export function OwnToken() {
  const { settings } = useApp();
  return (
    <div class="cards-below">
      {settings.token.value === '' ? <Nobody /> : <SignedIn />}
      <TokenRights accessor="" />
    </div>
  );
}
