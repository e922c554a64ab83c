/**
 * Which lists are being made at this moment, so that a crowd that asks for the same one at once has it made once.
 */

export class MakingLists {
  readonly #making = new Map<string, { readonly index: number | undefined; readonly done: Promise<void> }>();

  /** Wait for a list under this key and index; true when one was being made, whatever became of it. Never rejects. */
  async wait(key: string, index: number | undefined): Promise<boolean> {
    const making = this.#making.get(key);
    if (making === undefined || making.index !== index) return false;
    await making.done;
    return true;
  }

  /** From now on, and until `made` settles, others may wait for it. */
  begin(key: string, index: number | undefined, made: Promise<unknown>): void {
    const forget = (): void => {
      if (this.#making.get(key) === entry) this.#making.delete(key);
    };
    const entry = { index, done: made.then(forget, forget) };
    this.#making.set(key, entry);
  }
}
