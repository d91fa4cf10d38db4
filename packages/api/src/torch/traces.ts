import type { TracedModel } from "./execute-traced.js";

/** Traces kept at most: each is for sizes, and for where rows end, of which a server meets many. */
const KEPT = 16;

/** A trace, and how many runs still need it. */
interface Held {
  readonly made: Promise<TracedModel>;
  users: number;
  /** Whether it is kept no longer, and goes with its last run. */
  gone: boolean;
}

/** Traced models by what they were traced for, those not used for longest gone first. */
export class Traces {
  readonly #held = new Map<string, Held>();

  get count(): number {
    return this.#held.size;
  }

  has(key: string): boolean {
    return this.#held.has(key);
  }

  /** Keeps a model, and lets go of the oldest of too many. One that can't be made is not kept. */
  keep(key: string, made: Promise<TracedModel>): void {
    this.#held.set(key, { made, users: 0, gone: false });
    made.catch(() => this.#held.delete(key));
    for (const [oldest, one] of this.#held) if (this.#held.size > KEPT) this.#drop(oldest, one);
  }

  /** Runs a model that is kept, which stays until it is done. */
  async run<T>(key: string, run: (model: TracedModel) => Promise<T>): Promise<T> {
    const held = this.#held.get(key)!;
    this.#held.delete(key);
    this.#held.set(key, held);
    held.users++;
    try {
      return await run(await held.made);
    } finally {
      held.users--;
      if (held.gone) this.#free(held);
    }
  }

  clear(): void {
    for (const [key, held] of this.#held) this.#drop(key, held);
  }

  #drop(key: string, held: Held): void {
    this.#held.delete(key);
    held.gone = true;
    this.#free(held);
  }

  #free({ made, users }: Held): void {
    if (users === 0)
      void made.then(
        (model) => model.dispose(),
        () => undefined,
      );
  }
}
