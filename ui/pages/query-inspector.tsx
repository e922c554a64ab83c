/** One prepared query: what it says, what it answers now, what it becomes after its template, changing and deleting it. */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import type { QueryResult, QueryShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useAction } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Facts, Output, Tags } from '../parts/basic.tsx';
import { Commands } from '../parts/command.tsx';
import { ActionError, Confirm } from '../parts/dialog.tsx';
import { Inspector } from '../parts/inspector.tsx';
import { StatusMark, statusOfChecks } from '../parts/status.tsx';
import { endpoint, plural } from '../parts/text.ts';
import { QueryDialog } from './query-form.tsx';

export function queryTitle(query: QueryShape): string {
  if (query.Name !== '') return query.Name;
  return query.Template?.Type ? '(every name without its own)' : query.ID.slice(0, 8);
}

function Result({ result }: { result: QueryResult }) {
  const nodes = result.Nodes ?? [];
  return (
    <div>
      <h3 class="part-title">
        {plural(nodes.length, 'instance')} in {result.Datacenter}
        {result.Failovers > 0 && `, after ${plural(result.Failovers, 'failover')}`}
      </h3>
      <ul class="plain-list">
        {nodes.map(({ Node, Service, Checks }) => (
          <li key={`${Node.Node}/${Service.ID}`} class="line">
            <StatusMark status={statusOfChecks(Checks)} />
            <span>{Service.ID}</span>
            <span class="mono">{endpoint(Service.Address || Node.Address, Service.Port)}</span>
          </li>
        ))}
      </ul>
      {nodes.length === 0 && <p class="hint">DNS would answer that the name does not exist.</p>}
    </div>
  );
}

function ServiceLink({ name }: { name: string }) {
  const { router } = useApp();
  // A template's service is known only when somebody asks.
  return name.includes('${') ? <span>{name}</span> : <a href={router.to(['services', name])}>{name}</a>;
}

function metaOf(query: QueryShape): string {
  return [query.Service.NodeMeta, query.Service.ServiceMeta]
    .flatMap((meta) => Object.entries(meta ?? {}))
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function factsOf(query: QueryShape) {
  const failover = query.Service.Failover;
  const datacenters = failover?.Datacenters ?? [];
  return [
    ['service', <ServiceLink key="service" name={query.Service.Service} />],
    ['tags', (query.Service.Tags?.length ?? 0) > 0 && <Tags key="tags" tags={query.Service.Tags ?? []} />],
    ['health', query.Service.OnlyPassing ? 'passing only' : 'passing and warning'],
    ['metadata', metaOf(query)],
    ['near', query.Service.Near ?? ''],
    ['failover', datacenters.length > 0 ? datacenters.join(', ') : ''],
    ['nearest', failover?.NearestN ? String(failover.NearestN) : ''],
    ['DNS TTL', query.DNS?.TTL ?? ''],
    ['template', query.Template?.Regexp || query.Template?.Type],
    [
      'id',
      <span key="id" class="mono">
        {query.ID}
      </span>,
    ],
  ] as const;
}

export function QueryInspector({ query, onClose }: { query: QueryShape; onClose: () => void }) {
  const { api, live } = useApp();
  const action = useAction();
  const result = useSignal<QueryResult | undefined>(undefined);
  const explained = useSignal('');
  const isDeleting = useSignal(false);
  const isEditing = useSignal(false);
  const { dig, curl, domain } = useLines();
  const ask = (verb: string) => api.get<unknown>(apiPath('query', query.ID, verb));
  const execute = () =>
    action.run(async () => {
      result.value = (await ask('execute')).value as QueryResult;
    }, '');
  const explain = () =>
    action.run(async () => {
      explained.value = JSON.stringify((await ask('explain')).value, null, 2);
    }, '');
  return (
    <Inspector title={queryTitle(query)} label={`Query ${queryTitle(query)}`} onClose={onClose}>
      <Facts facts={factsOf(query)} />
      <div class="button-row">
        <button type="button" class="primary" onClick={() => void execute()}>
          Run
        </button>
        <button type="button" onClick={() => void explain()}>
          Explain
        </button>
        <button type="button" onClick={() => (isEditing.value = true)}>
          Edit
        </button>
        <button type="button" class="danger end" onClick={() => (isDeleting.value = true)}>
          Delete
        </button>
      </div>
      <ActionError action={action} />
      {result.value && <Result result={result.value} />}
      {explained.value !== '' && (
        <Output label="The query as it is run" isTall>
          {explained.value}
        </Output>
      )}
      <Commands
        lines={[
          ...(query.Name === ''
            ? []
            : [['what DNS answers', dig(`${query.Name}.query.${domain}`, 'SRV')] as const]),
          ['its instances', curl(apiPath('query', query.ID, 'execute'))],
        ]}
      />
      {isEditing.value && <QueryDialog query={query} onClose={() => (isEditing.value = false)} />}
      {isDeleting.value && (
        <Confirm
          title={`Delete ${queryTitle(query)}?`}
          verb="Delete"
          isDanger
          done={`Deleted ${queryTitle(query)}.`}
          work={() => api.send('DELETE', apiPath('query', query.ID))}
          onClose={() => (isDeleting.value = false)}
          onDone={() => {
            live.refresh();
            onClose();
          }}
        >
          <p>Programs that ask for it by name or id get no answer from now on.</p>
        </Confirm>
      )}
    </Inspector>
  );
}
