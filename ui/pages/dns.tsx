/** The DNS explorer: any name and type, what the server would say and why; what clients ask, live. */
import { useSignal } from '@preact/signals';
import { FAILING, SERVICES } from '../api/paths.ts';
import type { ServiceSummary } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Empty, PageHead } from '../parts/basic.tsx';
import { TextField } from '../parts/field.tsx';
import { useQueryValue } from '../parts/filter-bar.tsx';
import { DnsAnswer } from './dns-answer.tsx';
import { DnsLive } from './dns-live.tsx';

function Examples() {
  const { router } = useApp();
  const { domain } = useLines();
  const examples = [
    [`consul.service.${domain}`, 'A', 'instances of a service'],
    [`consul.service.${domain}`, 'SRV', 'with their ports'],
    [`_consul._tcp.service.${domain}`, 'SRV', 'the same in the form of RFC 2782'],
    [domain, 'SOA', 'the zone itself'],
    ['1.0.0.127.in-addr.arpa', 'PTR', 'the name of an address'],
  ] as const;
  return (
    <Empty title="Ask for any name.">
      <p>
        You see what this server would answer, and which instance is in or out for what reason. For example:
      </p>
      <ul class="examples">
        {examples.map(([name, type, about]) => (
          <li key={`${name}${type}`}>
            <a class="mono" href={router.to(['dns'], { name, type })}>
              {name} {type}
            </a>
            <span class="hint">{about}</span>
          </li>
        ))}
      </ul>
    </Empty>
  );
}

interface ShortNameProps {
  readonly name: string;
  readonly services: readonly ServiceSummary[];
}

/** Who asks for a service by its bare name means its name in DNS. */
function ShortName({ name, services }: ShortNameProps) {
  const { router } = useApp();
  const { domain } = useLines();
  const service = services.find((each) => each.Name.toLowerCase() === name.toLowerCase());
  if (!service || name.toLowerCase() === domain) return null;
  const whole = `${service.Name}.service.${domain}`;
  return (
    <p class="short-name">
      In DNS the service {service.Name} is called{' '}
      <a class="mono" href={router.to(['dns'], { name: whole, type: 'A' })}>
        {whole}
      </a>
      .
    </p>
  );
}

export function DnsPage() {
  const { router } = useApp();
  const [name] = useQueryValue('name');
  const [type] = useQueryValue('type');
  const typed = useSignal(name);
  const lastName = useSignal(name);
  // A link to another example changes the field too.
  if (lastName.peek() !== name) {
    lastName.value = name;
    typed.value = name;
  }
  const changes = useLive(FAILING).data.value;
  const services = useLive<readonly ServiceSummary[]>(SERVICES).data.value ?? [];
  const { domain } = useLines();
  return (
    <>
      <PageHead title="DNS" about="What this server would answer, and why." />
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          router.go(router.to(['dns'], { name: typed.value.trim(), type: type || 'A' }));
        }}
      >
        <TextField
          label="Name"
          value={typed}
          isMono
          isSearch
          placeholder={`web.service.${domain}`}
          suggestions={services.map((service) => `${service.Name}.service.${domain}`)}
        />
        <button type="submit" class="primary">
          Ask
        </button>
      </form>
      <ShortName name={name} services={services} />
      <DnsAnswer
        name={name}
        type={type || 'A'}
        onType={(next) => router.setQuery({ type: next })}
        version={changes}
      />
      {name === '' && <Examples />}
      <DnsLive />
    </>
  );
}
