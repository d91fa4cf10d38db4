import { kindOf } from "../../contract/kind.js";
import { shown } from "../../contract/shown.js";
import { type FoldOver, foldStep, type State } from "../fold.js";
import { Tensor } from "../graph.js";
import {
  add,
  at,
  concat,
  expandDims,
  sequenceMask,
  shape,
  type SizeLike,
  transpose,
  where,
} from "../operations/index.js";
import { operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import { lastSize, refuseShape, shownShape } from "../static-shapes.js";
import type { Structure } from "../structure.js";
import type { VariableScope } from "../variable-scopes.js";
import { RNNCell } from "./rnn-cell.js";
import { optionsOf } from "../options.js";

/** A cell around another, whose state and variables it has, in no scope of its own. */
abstract class CellWrapper extends RNNCell {
  /** The cell within. */
  protected readonly cell: RNNCell;

  constructor(place: string, cell: RNNCell) {
    super();
    if (!(cell instanceof RNNCell)) refuse(place, "a cell", kindOf(cell), "e.g. new BasicLSTMCell(20)");
    this.cell = cell;
  }

  get stateSize(): Structure<SizeLike> {
    return this.cell.stateSize;
  }

  get outputSize(): number {
    return this.cell.outputSize;
  }

  override zeroState(batchSize: SizeLike, dtype: "float32" = "float32"): State {
    return this.cell.zeroState(batchSize, dtype);
  }

  /** @internal TensorFlow's wrappers name nothing: variables stand where the cell's would. */
  protected override get scoped(): boolean {
    return false;
  }
}

/** Shares of values that a wrapper keeps. */
export interface DropoutWrapperOptions {
  /** Of inputs: 1, or a placeholder that 1 is fed to. Default 1. */
  readonly inputKeepProb?: number | Tensor;
  /** Of outputs: 1, or a placeholder that 1 is fed to. Default 1. */
  readonly outputKeepProb?: number | Tensor;
  /** Of states: 1, or a placeholder that 1 is fed to. Default 1. */
  readonly stateKeepProb?: number | Tensor;
  /** Without effect where everything is kept. */
  readonly variationalRecurrent?: boolean;
  /** Without effect where everything is kept. */
  readonly inputSize?: unknown;
  /** Only float32. */
  readonly dtype?: "float32";
  /** Without effect where everything is kept. */
  readonly seed?: number | null;
}

const CURE =
  "feed or pass 1, as one does to evaluate: TensorFlow drops whenever less is kept, in training or not";

/**
 * x as it is. TensorFlow 1 drops whenever less than 1 is kept, whether it trains or not, so anything but 1 is
 * refused: a number at once, a placeholder's where it is fed.
 */
export function kept(place: string, x: Tensor, keepProb: number | Tensor): Tensor {
  if (!(keepProb instanceof Tensor)) {
    if (keepProb !== 1) refuse(place, "1", shown(keepProb), CURE, "UNROLL_UNSUPPORTED");
    return x;
  }
  return operation(
    "Dropout",
    {
      inputs: [x, keepProb],
      check: () => (fed) => {
        const given = fed(keepProb);
        if (!given)
          refuse(place, "a number or a placeholder", keepProb.toString(), CURE, "UNROLL_UNSUPPORTED");
        if (given!.data.some((value) => value !== 1))
          refuse(place, "1", shown(given!.data[0]), CURE, "UNROLL_UNSUPPORTED");
      },
      build: (_b, [value]) => [value!],
    },
    [x],
  )[0]!;
}

/**
 * `tf.nn.rnn_cell.DropoutWrapper` where nothing is dropped, as when a model is evaluated: the cell as it is.
 */
export class DropoutWrapper extends CellWrapper {
  /** @internal */
  static override readonly baseName: string = "dropout_wrapper";
  readonly #keep: Readonly<Record<"input" | "output" | "state", number | Tensor>>;

  /** @throws UNROLL_UNSUPPORTED for a share other than 1 */
  constructor(cell: RNNCell, options: DropoutWrapperOptions = {}) {
    super("DropoutWrapper", cell);
    const rest = ["variationalRecurrent", "inputSize", "dtype", "seed"] as const;
    optionsOf("DropoutWrapper", options, ["inputKeepProb", "outputKeepProb", "stateKeepProb", ...rest]);
    const { inputKeepProb = 1, outputKeepProb = 1, stateKeepProb = 1 } = options;
    for (const [name, share] of Object.entries({ inputKeepProb, outputKeepProb, stateKeepProb }))
      if (!(share instanceof Tensor) && share !== 1)
        refuse(`DropoutWrapper ${name}`, "1", shown(share), CURE, "UNROLL_UNSUPPORTED");
    this.#keep = { input: inputKeepProb, output: outputKeepProb, state: stateKeepProb };
  }

  call(inputs: Tensor, state: State, scope?: string | VariableScope): [Tensor, State] {
    const [output, after] = this.cell(this.#inputs(inputs), state, scope);
    return [kept("DropoutWrapper outputKeepProb", output, this.#keep.output), after];
  }

  override fold({ x, ...over }: FoldOver): [Tensor, State] {
    const [outputs, state] = this.cell.fold({ x: this.#inputs(x), ...over });
    return [kept("DropoutWrapper outputKeepProb", outputs, this.#keep.output), state];
  }

  #inputs(x: Tensor): Tensor {
    const whole = kept("DropoutWrapper inputKeepProb", x, this.#keep.input);
    return kept("DropoutWrapper stateKeepProb", whole, this.#keep.state);
  }
}

/** `tf.nn.rnn_cell.ResidualWrapper`: the input is added to the cell's output; the state is the cell's. */
export class ResidualWrapper extends CellWrapper {
  /** @internal */
  static override readonly baseName: string = "residual_wrapper";
  readonly #residual: (inputs: Tensor, outputs: Tensor) => Tensor;

  /**
   * @param residualFn what is made of input and output instead of their sum
   * @throws UNROLL_ARGUMENT for what is no cell
   */
  constructor(cell: RNNCell, residualFn: ((inputs: Tensor, outputs: Tensor) => Tensor) | null = null) {
    super("ResidualWrapper", cell);
    if (residualFn !== null && typeof residualFn !== "function")
      refuse("ResidualWrapper residualFn", "a function", shown(residualFn), "null for the sum");
    this.#residual = residualFn ?? sameSize;
  }

  call(inputs: Tensor, state: State, scope?: string | VariableScope): [Tensor, State] {
    const [output, after] = this.cell(inputs, state, scope);
    return [this.#residual(inputs, output), after];
  }

  override fold(over: FoldOver): [Tensor, State] {
    const { x, lengths } = over;
    const sum = this.#residual === sameSize;
    // A function of one's own may look at all rows of a step, at what the cell makes of those that have ended
    // too, which only a walk step by step has.
    if (lengths && !sum) return foldStep(over, (inputs, state) => this.call(inputs, state));
    const [outputs, state] = this.cell.fold(over);
    if (sum) return [realOnly(sameSize(x, outputs), lengths), state];
    const [own, size] = [lastSize("ResidualWrapper inputs", x), lastSize("ResidualWrapper outputs", outputs)];
    const [made] = foldStep({ x: concat([x, outputs], 2), state: [], lengths, reverse: false }, (both) => [
      this.#residual(at(both, ":", [0, own]), at(both, ":", [own, own + size])),
      [],
    ]);
    return [made, state];
  }
}

/** Zeros past the steps of each row of [time, batch, size]. */
function realOnly(x: Tensor, lengths: Tensor | undefined): Tensor {
  if (!lengths) return x;
  const real = transpose(sequenceMask(lengths, shape(x)[0]!));
  return where(expandDims(real, 2), x, 0);
}

function sameSize(inputs: Tensor, outputs: Tensor): Tensor {
  if (lastSize("ResidualWrapper inputs", inputs) !== outputs.shape.at(-1))
    refuseShape(
      "ResidualWrapper",
      `an output of the input's size, ${shownShape(inputs.shape)}`,
      shownShape(outputs.shape),
      "the two are added; project the input first",
    );
  return add(inputs, outputs);
}
