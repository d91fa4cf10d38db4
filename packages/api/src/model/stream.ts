import type { HostTensor } from "../contract/tensor.js";
import type { InputsLike } from "./arguments.js";
import type { Extent } from "./row-ends.js";
import type { State, StateLike } from "./state.js";

type Ask = (
  x: InputsLike,
  options?: Extent,
) => (state: State) => Promise<{ readonly output: HostTensor; readonly state: State }>;

/**
 * One stream of steps that keeps its state. Steps queue: calling `step` again before the last has ended is
 * safe and keeps the order. Streams of one model share its weights and nothing else.
 */
export class Stream {
  #tail: Promise<unknown> = Promise.resolve();
  /** Takes what a step is given; what it returns runs it. */
  readonly #ask: Ask;
  /** Takes a state that a caller gives, or none. */
  readonly #take: (state?: StateLike) => State;
  /** What the caller gave, and frees. */
  #theirs: StateLike | undefined;
  #current: State;

  /** @internal Made by `model.stream()`. */
  constructor(ask: Ask, take: (state?: StateLike) => State, first?: StateLike) {
    this.#ask = ask;
    this.#take = take;
    this.#theirs = first;
    this.#current = take(first);
  }

  /**
   * Runs one step from where the stream is. A step that fails leaves the stream where it was.
   *
   * @param options how rows end along time axes that a step sees whole
   * @throws what a step of the model throws
   */
  async step(x: InputsLike, options?: Extent): Promise<HostTensor> {
    const run = this.#ask(x, options);
    const result = this.#tail.then(async () => {
      const { output, state } = await run(this.#current);
      this.#current = state;
      return output;
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /**
   * The state after every step asked for so far. It belongs to the caller as well: save it, or start another
   * stream with it.
   */
  async state(): Promise<State> {
    await this.#tail;
    return this.#current;
  }

  /** Goes on from another state after the steps asked for so far. Default zeros. */
  reset(state?: StateLike): void {
    const next = this.#take(state);
    this.#tail = this.#tail.then(() => {
      this.#theirs = state;
      this.#current = next;
    });
  }

  /** Frees the stream's state, and not one that it was given. */
  dispose(): void {
    void this.#tail.then(() => this.#current === this.#theirs || this.#current.dispose());
  }
}
