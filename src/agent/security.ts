/**
 * What of TLS holds at this moment: certificates, authorities, and who has to show one. A reload replaces all of it at once.
 */
import type { SecureState } from './secure-settings.ts';

export class Security {
  #state: SecureState;
  readonly #listeners = new Set<(state: SecureState) => void>();

  constructor(state: SecureState) {
    this.#state = state;
  }

  get state(): SecureState {
    return this.#state;
  }

  /** Have `listener` told of every other state. */
  onChange(listener: (state: SecureState) => void): void {
    this.#listeners.add(listener);
  }

  replace(state: SecureState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
