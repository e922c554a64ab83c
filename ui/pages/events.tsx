/** Events: the latest that this agent saw, and firing one. */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import type { EventShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Ago, Empty, Facts, Loading, Output, PageHead, Refusal } from '../parts/basic.tsx';
import { Command } from '../parts/command.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { DetailsLink } from '../parts/details-link.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { AreaField, TextField } from '../parts/field.tsx';
import { useQueryValue } from '../parts/filter-bar.tsx';
import { Icon } from '../parts/icon.tsx';
import { Inspector, Split } from '../parts/inspector.tsx';
import { decodeBase64, hexDump } from '../parts/text.ts';

function payloadText(event: EventShape): string {
  const decoded = decodeBase64(event.Payload ?? '');
  return decoded.kind === 'text' ? decoded.text : `${decoded.bytes.length} bytes`;
}

function filterText({ NodeFilter, ServiceFilter, TagFilter }: EventShape): string {
  const parts = [NodeFilter && `node ${NodeFilter}`, ServiceFilter && `service ${ServiceFilter}`];
  return [...parts, TagFilter && `tag ${TagFilter}`].filter(Boolean).join(', ') || 'everybody';
}

function EventName({ event }: { event: EventShape }) {
  return (
    <DetailsLink to={{ at: event.ID }}>
      <span class="name">{event.Name}</span>
    </DetailsLink>
  );
}

const COLUMNS: readonly Column<EventShape>[] = [
  { key: 'name', title: 'Event', cell: (row) => <EventName event={row} /> },
  { key: 'payload', title: 'Payload', cell: (row) => <span class="mono">{payloadText(row)}</span> },
  { key: 'for', title: 'For', cell: filterText },
  { key: 'time', title: 'Seen', cell: (row) => (row.Time ? <Ago ms={Date.parse(row.Time)} /> : row.LTime) },
];

function FireDialog({ onClose }: { onClose: () => void }) {
  const { api, live } = useApp();
  const action = useAction();
  const name = useSignal('');
  const payload = useSignal('');
  const filters = { node: useSignal(''), service: useSignal(''), tag: useSignal('') };
  const submit = async () => {
    const query = new URLSearchParams();
    for (const [filter, pattern] of Object.entries(filters))
      if (pattern.value) query.set(filter, pattern.value);
    const path = `${apiPath('event', 'fire', name.value.trim())}?${query}`;
    if (!(await action.run(() => api.send('PUT', path, payload.value), `Fired ${name.value}.`))) return;
    live.refresh();
    onClose();
  };
  return (
    <Dialog title="Fire an event" onClose={onClose} class="wide">
      <p class="hint">Everybody who watches for the name learns of it. An event cannot be called back.</p>
      <DialogForm action={action} verb="Fire" onSubmit={() => void submit()} onCancel={onClose}>
        <TextField label="Name" value={name} isRequired placeholder="deploy" />
        <AreaField label="Payload" value={payload} rows={3} />
        <div class="form-grid three">
          <TextField label="Only nodes" value={filters.node} placeholder="expression" isMono />
          <TextField label="Only services" value={filters.service} placeholder="expression" isMono />
          <TextField label="Only tags" value={filters.tag} placeholder="expression" isMono />
        </div>
      </DialogForm>
    </Dialog>
  );
}

function EventInspector({ event, onClose }: { event: EventShape; onClose: () => void }) {
  const decoded = decodeBase64(event.Payload ?? '');
  return (
    <Inspector title={event.Name} label={`Event ${event.Name}`} onClose={onClose}>
      <Facts
        facts={[
          ['for', filterText(event)],
          ['seen', event.Time && <Ago key="seen" ms={Date.parse(event.Time)} />],
          ['order', event.LTime],
          [
            'id',
            <span key="id" class="mono">
              {event.ID}
            </span>,
          ],
        ]}
      />
      <h3 class="part-title">Payload</h3>
      <Output label="Payload" isTall>
        {decoded.kind === 'text' ? decoded.text || 'none' : hexDump(decoded.bytes)}
      </Output>
    </Inspector>
  );
}

function EventList({ events }: { events: readonly EventShape[] }) {
  const { router } = useApp();
  const [at] = useQueryValue('at');
  const selected = events.find((event) => event.ID === at);
  const list = (
    <DataTable
      name="events"
      label="Events"
      columns={COLUMNS}
      rows={[...events].reverse()}
      keyOf={(row) => row.ID}
      selected={at}
    />
  );
  const close = () => router.closeDetails({ at: '' });
  return (
    <Split list={list} inspector={selected && <EventInspector key={at} event={selected} onClose={close} />} />
  );
}

export function EventsPage() {
  const { curl } = useLines();
  const { data, error } = useLive<readonly EventShape[]>('/v1/event/list');
  const isFiring = useSignal(false);
  const events = data.value;
  return (
    <>
      <PageHead title="Events" about="The latest 256 that this agent saw, newest first.">
        <button type="button" class="primary" onClick={() => (isFiring.value = true)}>
          <Icon name="plus" size={16} />
          Fire
        </button>
      </PageHead>
      {!events && error.value && <Refusal error={error.value} what="events" />}
      {!events && !error.value && <Loading what="events" />}
      {events?.length === 0 && (
        <Empty title="No events yet.">
          <p>An event is a name and a few bytes that programs wait for, such as “deploy”.</p>
          <Command label="fire an event with curl" text={curl('/v1/event/fire/deploy', '-X PUT -d 1.2.3')} />
        </Empty>
      )}
      {events && events.length > 0 && <EventList events={events} />}
      {isFiring.value && <FireDialog onClose={() => (isFiring.value = false)} />}
    </>
  );
}
