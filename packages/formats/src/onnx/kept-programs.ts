import type { Prepared } from "@unroll/api/adapter";

/** Programs kept at most: each is for tensors of some sizes, of which a server meets many. */
const KEPT = 16;

interface Held {
  readonly made: Promise<Prepared>;
  users: number;
  gone: boolean;
}

/** Programs on an engine by what they are for, those not used for longest freed first. */
export class KeptPrograms {
  readonly #held = new Map<string, Held>();

  /** Runs the program for a key, which is made where there is none, and stays until the run is done. */
  async run<T>(
    key: string,
    make: () => Promise<Prepared>,
    use: (program: Prepared) => Promise<T>,
  ): Promise<T> {
    const held = this.#held.get(key) ?? { made: make(), users: 0, gone: false };
    this.#held.delete(key);
    this.#held.set(key, held);
    held.made.catch(() => this.#held.get(key) === held && this.#held.delete(key));
    for (const [oldest, one] of this.#held) if (this.#held.size > KEPT) this.#drop(oldest, one);
    held.users++;
    try {
      return await use(await held.made);
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
    if (users > 0) return;
    void made.then(
      (program) => program.dispose(),
      () => undefined,
    );
  }
}
