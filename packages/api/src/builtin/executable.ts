import type { Feed, SyncExecutable, WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import { type DeviceTensor, type DType, type DTypeArray, isHostTensor } from "../contract/tensor.js";
import type { Program } from "../contract/program.js";
import { isAxisName } from "../program/dims.js";
import { BuiltinTensor, disposed } from "./builtin-tensor.js";
import type { KernelSource, Memory } from "./kernel-types.js";
import type { Operations } from "./operation.js";
import { Plan, type PlanSource } from "./plan.js";

type Data = DTypeArray[DType];

/** Plans kept for sizes seen last; a stream has one, and a server with many lengths does not grow. */
const KEPT = 4;

/** What plans share, with a copy of the weights in its memory. */
function sourceOf(
  program: Program,
  operations: Operations,
  memory: Memory,
  arrays: readonly Data[],
): PlanSource {
  const params = program.params.map(({ type: { dtype, shape } }, k) => {
    const data = memory.allocate(dtype, arrays[k]!.length, program);
    data.set(arrays[k]!);
    return { dtype, shape: shape as readonly number[], data, fixed: true };
  });
  return { program, params, operations, memory, packs: new WeakMap(), repack: [] };
}

/** A program ready to run. Weights are copied when it is made, and packed at the first run. */
export class BuiltinExecutable implements SyncExecutable {
  /** Symbolic dims of the inputs. */
  readonly #names: readonly string[];
  /** Where each of {@link names} is read: an input, and one of its axes. */
  readonly #places: readonly (readonly [input: string, axis: number])[];
  #plans: Plan[] = [];
  #source: PlanSource | undefined;
  readonly #program: Program;

  constructor(program: Program, weights: WeightMap, operations: Operations, kernels: KernelSource) {
    this.#program = program;
    const arrays = program.params.map(({ name }) => weights[name]!.data);
    this.#source = sourceOf(program, operations, kernels.open(this, arrays), arrays);
    const first = new Map<string, readonly [input: string, axis: number]>();
    for (const { name, type } of program.inputs)
      type.shape.forEach((dim, axis) => {
        if (typeof dim === "string" && isAxisName(dim) && !first.has(dim)) first.set(dim, [name, axis]);
      });
    this.#names = [...first.keys()];
    this.#places = [...first.values()];
  }

  get movedTo(): string | undefined {
    return this.#source?.memory.movedTo;
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    const { inputs, outputs } = this.#program;
    const dims = Object.create(null) as Record<string, number>;
    this.#places.forEach(([name, axis], k) => {
      dims[this.#names[k]!] = feeds[name]!.shape[axis]!;
    });
    const arrays = inputs.map(({ name }) => this.#contentsOf(name, feeds[name]!));
    const plan = this.#planFor(dims);
    this.#execute(plan, arrays);
    return Object.fromEntries(
      outputs.map(({ name }, k) => {
        const { dtype, shape, data } = plan.outputs[k]!;
        return [name, new BuiltinTensor(dtype, shape, data.slice())];
      }),
    );
  }

  runInto(inputs: readonly Data[], outputs: readonly Data[], dims: Readonly<Record<string, number>>): void {
    const plan = this.#planFor(dims);
    // Before anything is computed: a state updated in place must not be left half new.
    for (let k = 0; k < plan.outputs.length; k++)
      this.#expectSize("output", k, plan.outputs[k]!.data, outputs[k]);
    this.#execute(plan, inputs);
    for (let k = 0; k < plan.outputs.length; k++) outputs[k]!.set(plan.outputs[k]!.data);
  }

  /** Copies the new values into the slots of the old, and works out again what follows from weights alone. */
  async rebind(weights: WeightMap): Promise<void> {
    const [source, program, plans] = [this.#source, this.#program, this.#plans];
    if (!source) disposed("executable", `program "${program.name}"`);
    program.params.forEach(({ name }, k) => source.params[k]!.data.set(weights[name]!.data));
    for (const step of source.repack) step();
    for (const plan of plans) plan.refresh();
  }

  dispose(): void {
    this.#source?.memory.close();
    this.#source = undefined;
    this.#plans = [];
  }

  #execute(plan: Plan, inputs: readonly Data[]): void {
    for (let k = 0; k < plan.inputs.length; k++)
      this.#expectSize("input", k, plan.inputs[k]!.data, inputs[k]);
    for (let k = 0; k < plan.inputs.length; k++) plan.inputs[k]!.data.set(inputs[k]!);
    plan.run();
  }

  /** The plan of these sizes, most recent first; compares numbers and builds nothing. */
  #planFor(dims: Readonly<Record<string, number>>): Plan {
    const names = this.#names;
    const plans = this.#plans;
    const source = this.#source;
    if (!source) disposed("executable", `program "${this.#program.name}"`);
    for (let p = 0; p < plans.length; p++) {
      const plan = plans[p]!;
      let fits = true;
      for (let k = 0; k < names.length; k++) if (dims[names[k]!] !== plan.dims[k]) fits = false;
      if (!fits) continue;
      for (let k = p; k > 0; k--) plans[k] = plans[k - 1]!;
      plans[0] = plan;
      return plan;
    }
    return this.#bind(source, dims);
  }

  /**
   * A new plan. Apart from the search, whose every call would otherwise allocate what the closure here
   * captures.
   */
  #bind(source: PlanSource, dims: Readonly<Record<string, number>>): Plan {
    const [names, plans] = [this.#names, this.#plans];
    const sizes = names.map((name) => {
      const size = dims[name];
      if (size === undefined || !Number.isInteger(size) || size < 1)
        throw unrollError({
          code: "UNROLL_ARGUMENT",
          place: `program "${this.#program.name}" run`,
          expected: `a positive size of dim "${name}"`,
          got: String(size),
          cure: "give every symbolic dim",
          details: { name, size },
        });
      return size;
    });
    const { memory } = source;
    const plan = memory.within(sizes, (moved) => {
      if (moved) {
        plans.length = 0;
        const weights = source.params.map(({ data }) => data);
        this.#source = source = sourceOf(source.program, source.operations, memory, weights);
      }
      return new Plan(source, names, sizes);
    });
    plans.unshift(plan);
    if (plans.length > KEPT) memory.release(plans.pop()!.dims);
    return plan;
  }

  #contentsOf(name: string, feed: Feed): Data {
    if (feed instanceof BuiltinTensor) return feed.data;
    if (isHostTensor(feed)) return feed.data;
    if (feed.readSync) return feed.readSync().data;
    throw unrollError({
      code: "UNROLL_ENGINE",
      place: `program "${this.#program.name}" run`,
      expected: `input "${name}" in host memory`,
      got: "a tensor of another engine that can't be read at once",
      cure: "read() it and feed the result",
      details: { name },
    });
  }

  #expectSize(what: "input" | "output", k: number, want: Data, got: Data | undefined): void {
    if (got !== undefined && got.length === want.length) return;
    const { name } = this.#program[`${what}s`][k]!;
    throw unrollError({
      code: "UNROLL_SHAPE",
      place: `program "${this.#program.name}" run`,
      expected: `${want.length} elements for ${what} "${name}"`,
      got: `${got ? got.length : "none"}`,
      cure: "arrays hold exactly what dims say",
      details: { name, size: want.length },
    });
  }
}
