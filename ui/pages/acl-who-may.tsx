/**
 * "Who may": what a token may do on a name and which rule of which policy decides; and the other way round, which tokens may
 * do something. Both are asked of the agent, which decides as it does for requests.
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type {
  AclQuestion,
  DecisionShape,
  ExplainedShape,
  HolderShape,
  TokenShape,
} from '../api/acl-shapes.ts';
import { ApiError } from '../api/client.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { isNamed, levelsOf, questionsAbout, RESOURCES } from '../app/rule-sentences.ts';
import { Card, Empty, Loading, Refusal } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Choice, TextField } from '../parts/field.tsx';
import { useQueryValue } from '../parts/filter-bar.tsx';
import { plural } from '../parts/text.ts';
import { RightsTable } from './acl-rights.tsx';
import { tokenTitle } from './acl-tokens.tsx';

const TYPING_PAUSE_MS = 200;
/** Tokens that are asked for. */
const MAX_HOLDERS = 500;

/** What a token may do; asked again when a question or the token changes. */
function useExplained(accessor: string, questions: readonly AclQuestion[]) {
  const { api, clock, settings } = useApp();
  const data = useSignal<ExplainedShape | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  const body = JSON.stringify({ AccessorID: accessor, Questions: questions });
  const token = settings.token.value;
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      await clock.pause(data.peek() ? TYPING_PAUSE_MS : 0, abort.signal);
      if (abort.signal.aborted) return;
      const given = await api.send<ExplainedShape>('POST', '/v1/internal/acl/explain', body);
      if (abort.signal.aborted) return;
      data.value = given;
      error.value = undefined;
    };
    ask().catch((cause) => {
      if (abort.signal.aborted) return;
      data.value = undefined;
      error.value = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
    });
    return () => abort.abort();
  }, [api, clock, body, token, data, error]);
  return { data, error };
}

/** Search field, and what a token may do on what it says; '' is the token of whoever looks. */
export function TokenRights({ accessor }: { accessor: string }) {
  const { router } = useApp();
  const [name, setName] = useQueryValue('name');
  const field = useSignal(name);
  const { data, error } = useExplained(accessor, questionsAbout(field.value.trim()));
  useEffect(() => setName(field.value.trim()), [field.value]);
  const linkOf = ({ Resource, Segment, Access }: DecisionShape): string =>
    router.to(['acls', 'who'], {
      ...(accessor !== '' && { token: accessor }),
      name: field.value.trim(),
      resource: Resource,
      access: Access,
      of: Segment,
    });
  const who = data.value;
  return (
    <Card title={accessor === '' ? 'What you may do' : 'What it may do'} side={who && tokenTitle(who)}>
      <TextField
        label="Name asked about"
        value={field}
        placeholder="web, app/limit, n1 …"
        isMono
        hint="The name of a service, a node, a key, a query or an event."
      />
      {error.value && <Refusal error={error.value} what="what this token may do" />}
      {!who && !error.value && <Loading what="the rights" />}
      {who && <RightsTable decisions={who.Decisions} linkOf={linkOf} />}
    </Card>
  );
}

const HOLDER_COLUMNS: readonly Column<HolderShape>[] = [
  { key: 'name', title: 'Token', cell: (row) => <Holder row={row} /> },
  { key: 'why', title: 'Because', cell: ({ Reason }) => Reason },
];

function Holder({ row }: { row: HolderShape }) {
  const { router } = useApp();
  return (
    <a class="row-link" href={router.to(['acls', 'tokens'], { at: row.AccessorID })}>
      <span class="name">{tokenTitle(row)}</span>
    </a>
  );
}

function Holders({ question }: { question: AclQuestion }) {
  const query = new URLSearchParams({
    resource: question.Resource,
    segment: question.Segment,
    access: question.Access,
    limit: String(MAX_HOLDERS),
  });
  const { data, error } = useLive<readonly HolderShape[]>(`/v1/internal/acl/who-may?${query}`, 5_000);
  const holders = data.value;
  if (!holders)
    return error.value ? <Refusal error={error.value} what="who may" /> : <Loading what="tokens" />;
  if (holders.length === 0) return <Empty title="No token has this right." />;
  return (
    <>
      <p class="hint" role="status">
        {holders.length < MAX_HOLDERS
          ? `${plural(holders.length, 'token')} may.`
          : `At least ${plural(MAX_HOLDERS, 'token')} may; these are the first.`}
      </p>
      <DataTable
        name="holders"
        label="Tokens that may"
        columns={HOLDER_COLUMNS}
        rows={holders}
        keyOf={(row) => row.AccessorID}
      />
    </>
  );
}

/** Which tokens may do something on something. */
function OtherWayRound() {
  const [resource, setResource] = useQueryValue('resource');
  const [access, setAccess] = useQueryValue('access');
  const [of, setOf] = useQueryValue('of');
  const name = useSignal(of);
  useEffect(() => {
    name.value = of;
  }, [of]);
  const asked = resource || 'service';
  const levels = levelsOf(asked);
  const level = levels.includes(access) ? access : 'read';
  const question = { Resource: asked, Segment: isNamed(asked) ? of : '', Access: level };
  return (
    <Card title="Which tokens may">
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          setOf(name.peek().trim());
        }}
      >
        <Choice
          label="Do"
          value={level}
          options={levels.map((one) => [one, one === 'write-prefix' ? 'write all below' : one] as const)}
          onChange={setAccess}
        />
        <Choice
          label="On"
          value={asked}
          options={RESOURCES.map(([one, things, named]) => [one, named ? one : things] as const)}
          onChange={setResource}
        />
        {isNamed(asked) && <TextField label="Name" value={name} isMono />}
        {isNamed(asked) && <button type="submit">Ask</button>}
      </form>
      <Holders question={question} />
    </Card>
  );
}

export function WhoMay() {
  const [accessor, setAccessor] = useQueryValue('token');
  const tokens = useLive<readonly TokenShape[]>('/v1/acl/tokens').data.value ?? [];
  const options = [['', 'you'] as const, ...tokens.map((row) => [row.AccessorID, tokenTitle(row)] as const)];
  const isListed = options.some(([value]) => value === accessor);
  return (
    <div class="cards-below">
      <div class="question">
        <Choice
          label="Token"
          value={accessor}
          options={isListed ? options : [...options, [accessor, accessor]]}
          onChange={setAccessor}
        />
      </div>
      <TokenRights key={accessor} accessor={accessor} />
      <OtherWayRound />
    </div>
  );
}
