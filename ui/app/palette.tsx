/**
 * One search over everything, by Ctrl-K from anywhere: pages, services, instances, nodes, checks, keys, queries, and actions.
 *
 * The agent searches, a moment after the last letter, so that ten thousand services cost this page nothing. The field keeps the
 * focus; arrows choose, Enter goes.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { searchPath } from '../api/paths.ts';
import type { FoundShape } from '../api/shapes.ts';
import { useLines } from '../api/take-along.ts';
import { useAnswer } from '../api/use-live.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { useApp } from './app.ts';
import { actionsOn, type Offer, offersOf, pageOffers, plainActions, readWish } from './found.ts';
import { PAGES } from './pages.tsx';

const SETTLE_MS = 120;

/** `text` once it has stood for a moment. */
function useSettled(text: string): string {
  const { clock } = useApp();
  const settled = useSignal('');
  useEffect(() => {
    const abort = new AbortController();
    void clock.pause(text === '' ? 0 : SETTLE_MS, abort.signal).then(() => {
      if (!abort.signal.aborted) settled.value = text;
    });
    return () => abort.abort();
  }, [clock, settled, text]);
  return settled.value;
}

interface Offers {
  readonly offers: readonly Offer[];
  readonly said: string;
}

function useOffers(typed: string): Offers {
  const { domain } = useLines();
  const wish = readWish(typed);
  const text = useSettled(wish.text);
  const { data, error } = useAnswer<readonly FoundShape[]>(text === '' ? '' : searchPath(text));
  const found = text === '' ? undefined : data.value;
  const offers = useMemo(() => {
    const { verb } = readWish(typed);
    const things = found ?? [];
    if (verb !== undefined) return actionsOn(verb, things);
    return [...plainActions(typed, domain), ...pageOffers(PAGES, typed), ...offersOf(things)];
  }, [typed, found, domain]);
  if (error.value) return { offers, said: error.value.message };
  const isWaiting = wish.text !== '' && (text !== wish.text || found === undefined);
  return { offers, said: isWaiting ? 'searching …' : offers.length === 0 ? 'Nothing has that name.' : '' };
}

const optionId = (at: number): string => `offer-${at}`;

interface ListProps {
  readonly offers: readonly Offer[];
  readonly chosen: number;
  readonly onChoose: (at: number) => void;
}

function OfferList({ offers, chosen, onChoose }: ListProps) {
  const { router } = useApp();
  const groups = Map.groupBy(
    offers.map((offer, at) => ({ offer, at })),
    ({ offer }) => offer.group,
  );
  return (
    <div id="offers" class="offers" role="listbox" aria-label="Found">
      {Array.from(groups, ([group, entries]) => (
        <div key={group} role="group" aria-label={group}>
          <p class="offer-group" aria-hidden="true">
            {group}
          </p>
          {entries.map(({ offer, at }) => (
            <a
              key={at}
              id={optionId(at)}
              role="option"
              tabIndex={-1}
              class="offer"
              aria-selected={at === chosen}
              href={router.to(offer.segments, offer.query)}
              onPointerMove={() => onChoose(at)}
            >
              <Icon name={offer.icon} size={15} />
              <span class="name">{offer.title}</span>
              <span class="hint">{offer.hint}</span>
            </a>
          ))}
        </div>
      ))}
    </div>
  );
}

/** Closes when a place was gone to. */
function useCloseOnLeave(onClose: () => void): void {
  const { router } = useApp();
  const opened = useRef(router.place.peek());
  const place = router.place.value;
  useEffect(() => {
    if (place !== opened.current) onClose();
  }, [place, onClose]);
}

export function Palette({ onClose }: { onClose: () => void }) {
  const typed = useSignal('');
  const chosen = useSignal(0);
  const { offers, said } = useOffers(typed.value);
  useCloseOnLeave(onClose);
  const current = Math.min(chosen.value, Math.max(offers.length - 1, 0));
  const move = (step: number): void => {
    if (offers.length === 0) return;
    chosen.value = (current + step + offers.length) % offers.length;
    document.getElementById(optionId(chosen.value))?.scrollIntoView({ block: 'nearest' });
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) move(step);
    else if (event.key === 'Enter') document.getElementById(optionId(current))?.click();
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Search everything" class="palette" onClose={onClose}>
      <div class="palette-field">
        <Icon name="queries" size={17} />
        <input
          type="text"
          role="combobox"
          aria-label="Search everything"
          aria-expanded={offers.length > 0}
          aria-controls="offers"
          aria-activedescendant={offers.length > 0 ? optionId(current) : undefined}
          aria-autocomplete="list"
          autocomplete="off"
          spellcheck={false}
          maxLength={256}
          placeholder="A name, or: register, drain web-3, explain api"
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            chosen.value = 0;
          }}
          onKeyDown={onKey}
        />
      </div>
      <OfferList offers={offers} chosen={current} onChoose={(at) => (chosen.value = at)} />
      <p class="palette-said" role="status">
        {said}
      </p>
    </Dialog>
  );
}
