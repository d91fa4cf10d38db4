import type { SyncExecutable } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import type { Program } from "../contract/program.js";
import { type DType, type DTypeArray } from "../contract/tensor.js";
import type { Runnable, SignatureState } from "../program/runnable.js";
import { assertIds } from "./arguments.js";
import type { State } from "./state.js";

/** The arrays of one state, laid out as the executable wants them, so that a step builds nothing. */
interface Bound {
  readonly inputs: DTypeArray[DType][];
  readonly outputs: DTypeArray[DType][];
  readonly dims: { readonly batch: number };
  readonly inputSize: number;
  readonly outputSize: number;
}

/** Runs steps at once on the caller's arrays; see `SteppableModel.stepInto`. */
export class StepBinding {
  readonly #bound = new WeakMap<State, Bound>();
  readonly #inputRow: number;
  readonly #outputRow: number;
  /** Ids lie below it; -1 where the input holds none. */
  readonly #limit: number;
  readonly #place: string;
  readonly #runnable: Runnable;
  readonly #executable: () => SyncExecutable;
  readonly #parts: readonly SignatureState[];

  constructor(
    runnable: Runnable,
    executable: () => SyncExecutable,
    program: Program,
    parts: readonly SignatureState[],
  ) {
    this.#runnable = runnable;
    this.#executable = executable;
    this.#parts = parts;
    const row = (shape: readonly (number | string)[]): number =>
      shape.reduce<number>((size, dim) => (typeof dim === "number" ? size * dim : size), 1);
    this.#inputRow = row(program.inputs[0]!.type.shape);
    this.#outputRow = row(program.outputs[0]!.type.shape);
    const input = runnable.inputs[0]!;
    this.#place = `model "${runnable.name}" stepInto`;
    this.#limit = input.dtype === "int32" ? input.ids : -1;
  }

  run(x: Float32Array | Int32Array, state: State, out: Float32Array): void {
    const bound = this.#bound.get(state) ?? this.#bind(state);
    state.assertAlive(this.#place);
    if (
      x.length !== bound.inputSize ||
      out.length !== bound.outputSize ||
      this.#limit >= 0 !== x instanceof Int32Array
    )
      this.#refuse(x, out, bound);
    if (this.#limit >= 0) assertIds(this.#place, x, this.#limit);
    bound.inputs[0] = x;
    bound.outputs[0] = out;
    this.#executable().runInto(bound.inputs, bound.outputs, bound.dims);
  }

  #bind(state: State): Bound {
    const arrays = state.arrays(this.#place, this.#parts, this.#runnable.identity);
    const bound = {
      inputs: [new Float32Array(0), ...arrays],
      outputs: [new Float32Array(0), ...arrays],
      dims: { batch: state.batch },
      inputSize: state.batch * this.#inputRow,
      outputSize: state.batch * this.#outputRow,
    };
    this.#bound.set(state, bound);
    return bound;
  }

  #refuse(x: Float32Array | Int32Array, out: Float32Array, bound: Bound): never {
    const input = this.#limit >= 0 ? "Int32Array" : "Float32Array";
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: this.#place,
      expected: `${input} of ${bound.inputSize} and an output of ${bound.outputSize}`,
      got: `${x.constructor.name} of ${x.length} and ${out.length}`,
      cure: "both are [batch, ...] flat",
    });
  }
}
