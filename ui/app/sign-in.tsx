/**
 * Signing in and out: with the secret of a token, or by a login with an auth method.
 *
 * The secret is tried before it is taken, goes into a header, and is kept until the tab is closed. Whoever signs in or out
 * sees nothing any more of what was shown before; signing out of a login ends its token.
 */
import { useSignal } from '@preact/signals';
import type { TokenShape } from '../api/acl-shapes.ts';
import { ApiError, createClient } from '../api/client.ts';
import { useAction } from '../api/use-live.ts';
import { Facts } from '../parts/basic.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { AreaField, TextField } from '../parts/field.tsx';
import { Segments } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { plural } from '../parts/text.ts';
import { type App, useApp } from './app.ts';
import type { Identity } from './settings.ts';

const OWN_TOKEN = '/v1/acl/token/self';

const identityOf = ({ AccessorID, Description, AuthMethod = '' }: TokenShape): Identity => ({
  accessor: AccessorID,
  description: Description,
  authMethod: AuthMethod,
});

/** How a token is called where there is little room. */
const identityText = ({ accessor, description }: Identity): string =>
  description === '' ? accessor.slice(0, 8) : description;

/** Whose secret it is; undefined where access control is off and nobody can say. Throws for one that is not known. */
async function identify(secret: string): Promise<Identity | undefined> {
  try {
    return identityOf((await createClient(() => secret).get<TokenShape>(OWN_TOKEN)).value);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return undefined;
    if (error.status !== 403) throw error;
    throw new Error(`No token has this secret; it may have expired or been deleted. (${error.message})`);
  }
}

async function logIn({ api }: App, method: string, proof: string): Promise<TokenShape> {
  return api.send<TokenShape>('POST', '/v1/acl/login', { AuthMethod: method, BearerToken: proof });
}

function useForm() {
  return { way: useSignal('token'), secret: useSignal(''), method: useSignal(''), proof: useSignal('') };
}

function Fields({ form }: { form: ReturnType<typeof useForm> }) {
  if (form.way.value === 'token')
    return (
      <TextField
        label="Secret of the token"
        type="password"
        value={form.secret}
        isRequired
        hint="Sent as the header X-Consul-Token with every request, kept until this tab is closed, never put into an address."
      />
    );
  return (
    <>
      <TextField label="Auth method" value={form.method} isRequired isMono />
      <AreaField
        label="Proof"
        value={form.proof}
        rows={4}
        isRequired
        hint="A JWT, or the token of a service account."
      />
    </>
  );
}

function SignInDialog({ onClose }: { onClose: () => void }) {
  const app = useApp();
  const action = useAction();
  const form = useForm();
  const enter = async () => {
    if (form.way.peek() === 'token') {
      const secret = form.secret.peek().trim();
      return { secret, identity: await identify(secret) };
    }
    const token = await logIn(app, form.method.peek().trim(), form.proof.peek().trim());
    return { secret: token.SecretID ?? '', identity: identityOf(token) };
  };
  const submit = async () => {
    const entered = await action.run(async () => {
      const { secret, identity } = await enter();
      app.settings.setToken(secret, identity);
      app.notify(
        'done',
        identity
          ? `Signed in as ${identityText(identity)}.`
          : 'Access control is off here: the token is sent, and nobody looks at it.',
      );
    }, '');
    if (!entered) return;
    app.live.forget();
    onClose();
  };
  return (
    <Dialog title="Sign in" onClose={onClose}>
      <DialogForm action={action} verb="Sign in" onSubmit={() => void submit()} onCancel={onClose}>
        <Segments
          label="How"
          value={form.way.value}
          options={[
            ['token', 'With a token'],
            ['login', 'With an auth method'],
          ]}
          onChange={(next) => (form.way.value = next)}
        />
        <Fields form={form} />
      </DialogForm>
    </Dialog>
  );
}

/** One that has ended by itself meanwhile is refused, and is what was wanted. */
async function endLogin({ api }: App): Promise<void> {
  try {
    await api.send('POST', '/v1/acl/logout');
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
  }
}

function SignOutDialog({ onClose }: { onClose: () => void }) {
  const app = useApp();
  const action = useAction();
  const { settings, keyDrafts } = app;
  const identity = settings.identity.value;
  const isLogin = (identity?.authMethod ?? '') !== '';
  const drafts = keyDrafts.count();
  const submit = async () => {
    const work = async () => {
      if (isLogin) await endLogin(app);
      keyDrafts.forgetAll();
      settings.setToken('', undefined);
    };
    if (!(await action.run(work, 'Signed out.'))) return;
    app.live.forget();
    onClose();
  };
  return (
    <Dialog title="Signed in" onClose={onClose}>
      {identity ? (
        <Facts
          facts={[
            ['token', identity.description],
            [
              'accessor',
              <span key="accessor" class="mono">
                {identity.accessor}
              </span>,
            ],
            ['by login', identity.authMethod],
          ]}
        />
      ) : (
        <p>A token is sent with every request. Access control is off here, so nobody looks at it.</p>
      )}
      {isLogin && <p class="hint">Signing out ends this token: it came from a login.</p>}
      {drafts > 0 && (
        <p>
          <strong>{plural(drafts, 'value')} of keys that you typed and did not save will be lost.</strong>
        </p>
      )}
      <DialogForm action={action} verb="Sign out" onSubmit={() => void submit()} onCancel={onClose}>
        <p>
          <a href={app.router.to(['acls'])} onClick={onClose}>
            What you may do
          </a>
        </p>
      </DialogForm>
    </Dialog>
  );
}

/** The dialog, while somebody wants to sign in or out. */
export function SignIn() {
  const { signing } = useApp();
  const onClose = () => (signing.value = '');
  if (signing.value === 'in') return <SignInDialog onClose={onClose} />;
  return signing.value === 'out' ? <SignOutDialog onClose={onClose} /> : null;
}

export function SignInButton() {
  const { settings, signing } = useApp();
  const isSet = settings.token.value !== '';
  const identity = settings.identity.value;
  const text = isSet ? `Signed in${identity ? ` as ${identityText(identity)}` : ''}` : 'Sign in';
  return (
    <button
      type="button"
      class={`quiet ${isSet ? 'is-set' : ''}`}
      title={text}
      aria-label={text}
      onClick={() => (signing.value = isSet ? 'out' : 'in')}
    >
      <Icon name="key" size={16} />
    </button>
  );
}
