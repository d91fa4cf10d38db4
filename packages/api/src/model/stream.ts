import type { HostTensor } from "../contract/tensor.js";
import type { InputsLike } from "./arguments.js";
import type { Extent } from "./row-ends.js";
import { State, type StateLike } from "./state.js";

/**
 * One stream of steps that keeps its state. Steps queue: calling `step` again before the last has ended is
 * safe and keeps the order. Streams of one model share its weights and nothing else.
 */
export class Stream {
  private current: State;
  private tail: Promise<unknown> = Promise.resolve();

  /** @internal Made by `model.stream()`. */
  constructor(
    private readonly advance: (
      x: InputsLike,
      state: State,
      options?: Extent,
    ) => Promise<{ readonly output: HostTensor; readonly state: State }>,
    private readonly zero: () => State,
    first: StateLike,
  ) {
    this.current = first instanceof State ? first : State.fromTypedArrays(first);
  }

  /**
   * Runs one step from where the stream is. A step that fails leaves the stream where it was.
   *
   * @param options how rows end along time axes that a step sees whole
   * @throws what a step of the model throws
   */
  step(x: InputsLike, options?: Extent): Promise<HostTensor> {
    const result = this.tail.then(async () => {
      const { output, state } = await this.advance(x, this.current, options);
      this.current = state;
      return output;
    });
    this.tail = result.catch(() => undefined);
    return result;
  }

  /**
   * The state after every step asked for so far. It belongs to the caller as well: save it, or start another
   * stream with it.
   */
  async state(): Promise<State> {
    await this.tail;
    return this.current;
  }

  /** Goes on from another state after the steps asked for so far. Default zeros. */
  reset(state?: StateLike): void {
    this.tail = this.tail.then(() => {
      this.current =
        state === undefined ? this.zero() : state instanceof State ? state : State.fromTypedArrays(state);
    });
  }

  /** Frees the stream's state. */
  dispose(): void {
    void this.tail.then(() => this.current.dispose());
  }
}
