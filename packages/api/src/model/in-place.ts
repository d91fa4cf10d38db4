import type { SyncExecutable } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { type DType, type DTypeArray } from "../contract/tensor.js";
import { type Runnable, type RunMode, type SignatureState, STEPS } from "../program/runnable.js";
import { assertIds } from "./arguments.js";
import type { Executables } from "./executables.js";
import type { State } from "./state.js";

/** The arrays of one state, laid out as the executable wants them, so that a run builds nothing. */
interface Bound {
  readonly inputs: DTypeArray[DType][];
  readonly outputs: DTypeArray[DType][];
  readonly dims: { readonly batch: number; [STEPS]: number };
}

/** Elements of one row at one step, or in all where there are no steps. */
const rowOf = (shape: readonly (number | string)[]): number =>
  shape.reduce<number>((size, dim) => (typeof dim === "number" ? size * dim : size), 1);

/** Runs steps or sequences at once on the caller's arrays; see `SteppableModel.stepInto`. */
export class InPlace {
  readonly #bound = new WeakMap<State, Bound>();
  readonly #inputRow: number;
  readonly #outputRow: number;
  /** Whether the output has steps too. */
  readonly #timed: boolean;
  /** Ids lie below it; -1 where the input holds none. */
  readonly #limit: number;
  readonly #place: string;
  readonly #runnable: Runnable;
  readonly #executable: () => SyncExecutable;
  readonly #parts: readonly SignatureState[];
  readonly #mode: RunMode["mode"];

  constructor(
    runnable: Runnable,
    mode: RunMode["mode"],
    executables: Executables,
    parts: readonly SignatureState[],
  ) {
    const { inputs, outputs } = executables.program({ mode });
    this.#runnable = runnable;
    this.#mode = mode;
    this.#executable = executables.compileSync({ mode });
    this.#parts = parts;
    const output = outputs[0]!.type.shape;
    this.#inputRow = rowOf(inputs[0]!.type.shape);
    this.#outputRow = rowOf(output);
    this.#timed = output.includes(STEPS);
    const input = runnable.inputs[0]!;
    this.#place = `model "${runnable.name}" ${mode}Into`;
    this.#limit = input.dtype === "int32" ? input.ids : -1;
  }

  run(x: Float32Array | Int32Array, state: State, out: Float32Array): void {
    const bound = this.#bound.get(state) ?? this.#bind(state);
    state.assertAlive(this.#place);
    const { dims } = bound;
    const time = this.#mode === "step" ? 1 : x.length / (dims.batch * this.#inputRow);
    if (
      x.length === 0 ||
      x.length !== dims.batch * this.#inputRow * Math.floor(time) ||
      out.length !== dims.batch * this.#outputRow * (this.#timed ? time : 1) ||
      this.#limit >= 0 !== x instanceof Int32Array
    )
      this.#refuse(x, out, dims.batch);
    if (this.#limit >= 0) assertIds(this.#place, x, this.#limit);
    dims[STEPS] = time;
    bound.inputs[0] = x;
    bound.outputs[0] = out;
    this.#executable().runInto(bound.inputs, bound.outputs, dims);
  }

  #bind(state: State): Bound {
    const arrays = state.arraysInPlace(this.#place, this.#parts, this.#runnable.identity);
    const bound = {
      inputs: [new Float32Array(0), ...arrays],
      outputs: [new Float32Array(0), ...arrays],
      dims: { batch: state.batch, [STEPS]: 1 },
    };
    this.#bound.set(state, bound);
    return bound;
  }

  #refuse(x: Float32Array | Int32Array, out: Float32Array, batch: number): never {
    const [input, each] = [this.#limit >= 0 ? "Int32Array" : "Float32Array", batch * this.#inputRow];
    const steps = this.#mode === "step" ? "" : " a step";
    const timed = this.#timed ? steps : "";
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: this.#place,
      expected: `${input} of ${each}${steps} and an output of ${batch * this.#outputRow}${timed}`,
      got: `${x.constructor.name} of ${x.length} and ${out.length}`,
      cure: "both are [batch, ...] flat",
    });
  }
}
