import { shown } from "../../contract/shown.js";
import { type FoldOver, foldStep, type State } from "../fold.js";
import { assertTensor, getDefaultGraph, type Tensor } from "../graph.js";
import { AxisSize, type SizeLike, zeros } from "../operations/index.js";
import { refuse } from "../refuse.js";
import { assertRank, refuseShape, shownShape } from "../static-shapes.js";
import { filled, flatten, flattenLike, type Structure } from "../structure.js";
import { assertFloat } from "../variables.js";
import type { VariableScope } from "../variable-scopes.js";

/** What calling a cell is: one step, and TensorFlow's `cell(inputs, state)`. */
export interface CellCall {
  /**
   * One step, appended to the graph.
   *
   * @param inputs [batch, features]
   * @param state as `zeroState` has it
   * @param scope the name of its variables' scope, at the first call; default the cell's own
   * @returns output [batch, outputSize] and state after it
   * @throws UNROLL_SHAPE, UNROLL_ARGUMENT
   */
  (inputs: Tensor, state: State, scope?: string | VariableScope): [output: Tensor, state: State];
}

/** An instance that can be called. Classes extend it, as functions have no constructor of ours. */
const Callable = class {
  constructor() {
    const self = (...given: unknown[]): unknown =>
      (self as unknown as RNNCell).call(...(given as Parameters<RNNCell["call"]>));
    // A function's own name and length are none of a cell's.
    for (const own of ["name", "length"]) delete (self as unknown as Record<string, unknown>)[own];
    return Object.setPrototypeOf(self, new.target.prototype) as object;
  }
} as unknown as abstract new () => CellCall;

/** `BasicLSTMCell` as `basic_lstm_cell`. */
const snake = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

const isSize = (value: unknown): value is SizeLike => typeof value === "number" || value instanceof AxisSize;

/**
 * A cell: what one step computes. Its variables are named by the scope of its first call.
 *
 * A cell of one's own extends it as in TensorFlow: `stateSize`, `outputSize` and `call(inputs, state)`, with
 * `getVariable` for its weights.
 */
export abstract class RNNCell extends Callable {
  /** @internal Its name where minified code has none: what each class of the library has of its own. */
  static readonly baseName: string = "rnn_cell";
  readonly #baseName: string;
  #scope: VariableScope | null = null;
  #entered = false;

  /** @param name of the scope of its variables. Default: the class's, `basic_lstm_cell` */
  constructor(name?: string) {
    super();
    if (name !== undefined && (typeof name !== "string" || name === ""))
      refuse("cell name", "a name", shown(name), "leave it out for the class's");
    this.#baseName =
      name ?? (Object.hasOwn(new.target, "baseName") ? new.target.baseName : snake(new.target.name));
    const own = this.call.bind(this);
    const call = (inputs: Tensor, state: State, scope?: string | VariableScope): [Tensor, State] => {
      if (this.#entered) return own(inputs, state, scope);
      assertTensor(this.#baseName, inputs);
      assertRank(`${this.#baseName} inputs`, inputs, ["batch", "features"]);
      return this.enter(() => own(inputs, state, scope), scope);
    };
    Object.defineProperty(this, "call", { value: call });
  }

  /** Sizes of the state's parts, in the state's form. */
  abstract get stateSize(): Structure<SizeLike>;
  /** Size of the output. */
  abstract get outputSize(): number;

  /**
   * One step; the same as calling the cell.
   *
   * @param inputs [batch, features]
   * @param state as `zeroState` has it
   * @param scope the name of its variables' scope, at the first call
   */
  abstract override call(
    inputs: Tensor,
    state: State,
    scope?: string | VariableScope,
  ): [output: Tensor, state: State];

  /**
   * A state of zeros for `batchSize` rows; `shape(x)[0]` for as many as x has.
   *
   * @param dtype only float32
   */
  zeroState(batchSize: SizeLike, dtype: "float32" = "float32"): State {
    assertFloat("zeroState dtype", dtype);
    return filled(this.stateSize, isSize, (size) => zeros([batchSize, size]));
  }

  /** @internal A state's tensors in the order of `stateSize`. @throws UNROLL_ARGUMENT, UNROLL_SHAPE */
  protected stateParts(state: State): Tensor[] {
    const place = `${this.scopeName} state`;
    const sizes = flatten(place, this.stateSize, isSize);
    return flattenLike(place, this.stateSize, state, isSize).map((part, k) => {
      assertTensor(place, part);
      assertRank(place, part, ["batch", "units"]);
      if (typeof sizes[k] === "number" && part.shape[1] !== null && part.shape[1] !== sizes[k])
        refuseShape(
          place,
          `[batch, ${sizes[k]}]`,
          shownShape(part.shape),
          "zeroState(batchSize) has the form",
        );
      return part;
    });
  }

  /** What scopes and errors call it. */
  get scopeName(): string {
    return this.#baseName;
  }

  /** @internal Whether its variables stand in a scope of its own. */
  protected get scoped(): boolean {
    return true;
  }

  /** @internal Builds within the cell's scope; from the second time on its variables are there. */
  enter<T>(build: () => T, scope?: string | VariableScope): T {
    const within = (): T => {
      const before = this.#entered;
      this.#entered = true;
      try {
        return build();
      } finally {
        this.#entered = before;
      }
    };
    if (!this.scoped) return within();
    const entry = this.#scope
      ? { scope: this.#scope, reuse: true }
      : { scope: scope ?? null, defaultName: this.#baseName };
    return getDefaultGraph().scopes.within(entry, (own) => {
      this.#scope ??= own;
      return within();
    });
  }

  /** @internal Folds the cell over time. By default its step is traced, once. */
  fold(over: FoldOver): [outputs: Tensor, state: State] {
    return foldStep(over, (inputs, state) => this.call(inputs, state));
  }
}
