/** Says on every page that a certificate of this agent ends within four weeks, or has ended. */
import { SELF } from '../api/paths.ts';
import type { AgentSelf } from '../api/shapes.ts';
import { useLive } from '../api/use-live.ts';
import { useApp } from '../app/app.ts';
import { Icon } from './icon.tsx';
import { plural } from './text.ts';

const DAY_MS = 86_400_000;
/** As in the log of the agent. */
const SOON_DAYS = 28;
const EVERY_MS = 3_600_000;

/** The end that comes first, in whole days from now; undefined where no certificate is shown. */
function daysLeft(self: AgentSelf | undefined, nowMs: number): number | undefined {
  const ends = Object.values(self?.Stats?.['tls'] ?? {}).map((text) => Date.parse(text));
  return ends.length === 0 ? undefined : Math.floor((Math.min(...ends) - nowMs) / DAY_MS);
}

export function CertificateBanner() {
  const { clock } = useApp();
  const { data } = useLive<AgentSelf>(SELF, EVERY_MS);
  const days = daysLeft(data.value, clock.now());
  if (days === undefined || days >= SOON_DAYS) return null;
  return (
    <div class="away">
      <Icon name="warning" size={16} />
      <p>
        <strong role="alert">
          {days < 0
            ? 'The certificate of this agent has ended'
            : `The certificate of this agent ends in ${plural(days, 'day')}`}
        </strong>
        : give it another one and reload.
      </p>
    </div>
  );
}
