import { allocate, type DType, type HostTensor, sizeOf } from "../contract/tensor.js";
import type { Program } from "../contract/program.js";
import type { Runnable } from "../program/runnable.js";
import type { Executables } from "./executables.js";
import type { RunResult } from "./faces.js";
import { State } from "./state.js";

const STEP = { mode: "step" } as const;

/** A result of a step: [batch, ...]. */
interface Out {
  readonly dtype: DType;
  /** Axes after the batch. */
  readonly rest: readonly number[];
  readonly row: number;
}

/** The results of a step; null where one has other axes than the batch that are not known. */
function outsOf({ outputs }: Program): Out[] | null {
  const outs: Out[] = [];
  for (const { type } of outputs) {
    const [batch, ...rest] = type.shape;
    if (batch !== "batch" || !rest.every((dim) => typeof dim === "number")) return null;
    outs.push({ dtype: type.dtype, rest, row: sizeOf(rest) });
  }
  return outs;
}

/**
 * Steps of an engine that answers at once. Nobody can write over what was given before the engine has read
 * it, so nothing is copied but the results.
 */
export class StepNow {
  readonly #runnable: Runnable;
  readonly #executables: Executables;
  readonly #names: readonly string[];
  readonly #outs: readonly Out[];
  /** Elements of a row of the whole state; -1 where not all of it is float32. */
  readonly #stateRow: number;

  private constructor(runnable: Runnable, executables: Executables, names: readonly string[], outs: Out[]) {
    this.#runnable = runnable;
    this.#executables = executables;
    this.#names = names;
    this.#outs = outs;
    const parts = outs.slice(runnable.outputs.length);
    this.#stateRow = parts.every(({ dtype }) => dtype === "float32")
      ? parts.reduce((sum, { row }) => sum + row, 0)
      : -1;
  }

  /** Null where results have sizes that a run alone knows. */
  static of(runnable: Runnable, executables: Executables): StepNow | null {
    const program = executables.program(STEP);
    const outs = outsOf(program);
    const names = program.inputs.slice(0, runnable.inputs.length).map(({ name }) => name);
    return outs && new StepNow(runnable, executables, names, outs);
  }

  /**
   * Runs a step.
   *
   * @param parts the state's arrays, which are read
   * @returns null where the engine has something to do before it
   */
  run(
    feeds: Readonly<Record<string, HostTensor>>,
    parts: readonly HostTensor["data"][],
    sizes: Readonly<Record<string, number>> & { readonly batch: number },
  ): RunResult | null {
    const executable = this.#executables.now(STEP, sizes);
    if (executable === null) return null;
    const { batch } = sizes;
    const { outputs: signature, states, identity } = this.#runnable;
    // The parts of a state are seen by nobody but states: they share one allocation, which is what costs.
    const first = signature.length;
    const together = this.#stateRow >= 0 ? allocate("float32", batch * this.#stateRow) : null;
    let at = 0;
    const results = this.#outs.map(({ dtype, rest, row }, k) => ({
      dtype,
      shape: [batch, ...rest],
      data:
        k >= first && together ? together.subarray(at, (at += batch * row)) : allocate(dtype, batch * row),
    })) as HostTensor[];
    executable.runInto(
      [...this.#names.map((name) => feeds[name]!.data), ...parts],
      results.map(({ data }) => data),
      sizes,
    );
    const outputs: Record<string, HostTensor> = {};
    signature.forEach(({ name }, k) => (outputs[name] = results[k]!));
    const held = states.map(({ layer, part }, k) => ({
      layer,
      part,
      held: results[first + k]!,
    }));
    return { output: results[0]!, outputs, state: new State(batch, held, null, identity) };
  }
}
