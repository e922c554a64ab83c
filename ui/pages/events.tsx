/** Events: the latest that this agent saw, and firing one. */
import { useSignal } from '@preact/signals';
import { apiPath } from '../api/client.ts';
import type { EventShape } from '../api/shapes.ts';
import { useAction, useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Command, Empty, Loading, PageHead, Refusal } from '../parts/basic.tsx';
import { type Column, DataTable } from '../parts/data-table.tsx';
import { Dialog, DialogForm } from '../parts/dialog.tsx';
import { AreaField, TextField } from '../parts/field.tsx';
import { Icon } from '../parts/icon.tsx';
import { decodeBase64 } from '../parts/text.ts';

function payloadText(event: EventShape): string {
  const decoded = decodeBase64(event.Payload ?? '');
  return decoded.kind === 'text' ? decoded.text : `${decoded.bytes.length} bytes`;
}

function filterText({ NodeFilter, ServiceFilter, TagFilter }: EventShape): string {
  const parts = [NodeFilter && `node ${NodeFilter}`, ServiceFilter && `service ${ServiceFilter}`];
  return [...parts, TagFilter && `tag ${TagFilter}`].filter(Boolean).join(', ') || 'everybody';
}

const COLUMNS: readonly Column<EventShape>[] = [
  { key: 'name', title: 'Event', cell: (row) => <span class="name">{row.Name}</span> },
  { key: 'payload', title: 'Payload', cell: (row) => <span class="mono">{payloadText(row)}</span> },
  { key: 'for', title: 'For', cell: filterText },
  { key: 'time', title: 'Order', cell: (row) => row.LTime },
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

export function EventsPage() {
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
          <Command
            label="fire an event with curl"
            text={`curl -X PUT ${location.origin}/v1/event/fire/deploy -d 1.2.3`}
          />
        </Empty>
      )}
      {events && events.length > 0 && (
        <DataTable
          name="events"
          label="Events"
          columns={COLUMNS}
          rows={[...events].reverse()}
          keyOf={(row) => row.ID}
        />
      )}
      {isFiring.value && <FireDialog onClose={() => (isFiring.value = false)} />}
    </>
  );
}
