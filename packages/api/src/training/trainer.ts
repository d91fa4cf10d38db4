import type { Adapter, Feed, WeightMap } from "../contract/adapter.js";
import { unrollError } from "../contract/error.js";
import type { Program } from "../contract/program.js";
import { shown } from "../contract/shown.js";
import { allocate, type DeviceTensor, type HostTensor, sizeOf, tensor } from "../contract/tensor.js";
import { prepare, type Prepared, takenWeights } from "../program/prepare.js";
import { scalarName, slotName } from "./names.js";
import { checkedNumber } from "./numbers.js";
import { type StepResult, stepResult } from "./step-result.js";
import { checkTargets } from "./targets.js";
import { trainProgram, type TrainProgramOptions } from "./train-program.js";

/** All that a run of training goes on from. */
export interface TrainerState {
  /** How many steps there were. */
  readonly step: number;
  /** Weights under their names, and what the optimiser keeps of them under those of {@link slotName}. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
}

/**
 * Trains a program's weights on an engine, which keeps them and what the optimiser keeps from step to step.
 * Steps run one after the other, whatever the caller awaits.
 */
export class Trainer {
  /** How many steps there were. */
  step = 0;
  private readonly held = new Map<string, Feed>();
  private queue: Promise<unknown> = Promise.resolve();
  private disposed = false;

  private constructor(
    private readonly executable: Prepared,
    private readonly model: Program,
    private readonly options: TrainProgramOptions,
  ) {}

  /**
   * Compiles the step of a model's program.
   *
   * @param weights the first ones: all of the program's params, of which copies are taken
   * @throws as {@link trainProgram} and `prepare`: UNROLL_ARGUMENT for options that don't fit, UNROLL_WEIGHTS
   *   for weights that are missing or of other shapes
   */
  static async of(
    adapter: Adapter,
    model: Program,
    weights: WeightMap,
    options: TrainProgramOptions,
  ): Promise<Trainer> {
    const taken = takenWeights(model, weights);
    const program = trainProgram(model, options);
    const trainer = new Trainer(await prepare(adapter, program, {}), model, options);
    for (const [name, weight] of Object.entries(taken)) trainer.held.set(name, weight);
    for (const name of options.trained) {
      const { shape } = taken[name]!;
      for (const [slot, value] of Object.entries(options.rule.slots)) {
        const data = allocate("float32", sizeOf(shape)).fill(value);
        trainer.held.set(slotName(name, slot), { dtype: "float32", shape, data });
      }
    }
    return trainer;
  }

  private get place(): string {
    return `training of program "${this.model.name}"`;
  }

  /**
   * One step.
   *
   * @param feeds the model's inputs, targets and shares: each of them, and nothing else
   * @param learningRate of this step
   * @returns the loss before it, and the outputs that were asked for, by name
   * @throws UNROLL_ARGUMENT, UNROLL_SHAPE for feeds that don't fit, ids of no class among them;
   *   UNROLL_DISPOSED. The weights are then what they were.
   */
  async train(feeds: Readonly<Record<string, HostTensor>>, learningRate: number): Promise<StepResult> {
    checkedNumber(this.place, "the learning rate", learningRate, "from");
    const own = Object.keys(feeds).find((name) => this.held.has(name));
    if (own !== undefined)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: this.place,
        expected: "inputs of the model, targets and shares",
        got: `"${own}", which the trainer keeps`,
        cure: "weights are set with load()",
      });
    checkTargets(this.model, this.options.objectives, feeds);
    // Its values are those of now, whenever the step comes to run.
    const taken = Object.entries(feeds).map(([name, one]) => [name, { ...one, data: one.data.slice() }]);
    return this.inTurn(() => this.once(Object.fromEntries(taken) as typeof feeds, learningRate));
  }

  /** Runs something when all that was asked for before it has ended. */
  private async inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.queue.then(() => {
      if (this.disposed)
        throw unrollError({
          code: "UNROLL_DISPOSED",
          place: this.place,
          expected: "a trainer in use",
          got: "one after its dispose()",
          cure: "make it again",
        });
      return run();
    });
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async once(feeds: Readonly<Record<string, HostTensor>>, learningRate: number): Promise<StepResult> {
    const scalars = Object.entries(this.options.rule.scalars(this.step + 1, learningRate));
    const results = await this.executable.run({
      ...feeds,
      ...Object.fromEntries(this.held),
      ...Object.fromEntries(scalars.map(([name, value]) => [scalarName(name), tensor(value)])),
    });
    const all = Object.entries(results);
    for (const [name, one] of all) {
      const before = this.held.get(name);
      if (before === undefined) continue;
      this.held.set(name, one);
      disposed(before);
    }
    this.step += 1;
    return stepResult(all.filter(([name]) => !this.held.has(name)));
  }

  /**
   * Lends the weights of now to another program on the same engine, an `Evaluation` say; steps that are asked
   * for meanwhile wait.
   */
  useWeights<T>(use: (weights: Readonly<Record<string, Feed>>) => Promise<T>): Promise<T> {
    return this.inTurn(() =>
      use(Object.fromEntries(this.model.params.map(({ name }) => [name, this.held.get(name)!]))),
    );
  }

  /** The weights of now, by name; copies. */
  weights(): Promise<Record<string, HostTensor>> {
    return this.inTurn(() => this.read(this.model.params.map(({ name }) => name)));
  }

  /** All that training goes on from; copies. */
  state(): Promise<TrainerState> {
    return this.inTurn(async () => ({ step: this.step, tensors: await this.read([...this.held.keys()]) }));
  }

  private async read(names: readonly string[]): Promise<Record<string, HostTensor>> {
    const read = names.map(async (name) => {
      const one = this.held.get(name)!;
      return [name, "read" in one ? await one.read() : { ...one, data: one.data.slice() }] as const;
    });
    return Object.fromEntries(await Promise.all(read)) as Record<string, HostTensor>;
  }

  /**
   * Takes weights, and what the optimiser keeps of them, by the names of {@link state}; what is left out
   * stays.
   *
   * @param step how many steps there were. Default: as many as now
   * @throws UNROLL_WEIGHTS for names that there are none of and for other shapes
   */
  async load(tensors: Readonly<Record<string, HostTensor>>, step?: number): Promise<void> {
    if (step !== undefined && !(Number.isInteger(step) && step >= 0))
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: this.place,
        expected: "a whole number of steps",
        got: shown(step),
        cure: "state() has it",
      });
    const given = Object.entries(tensors);
    const types = given.map(([name]) => ({ name, type: this.typeOf(name) }));
    const taken = takenWeights({ name: this.model.name, params: types }, tensors);
    return this.inTurn(async () => {
      for (const [name, one] of Object.entries(taken)) {
        disposed(this.held.get(name)!);
        this.held.set(name, one);
      }
      this.step = step ?? this.step;
      return Promise.resolve();
    });
  }

  private typeOf(name: string): Pick<HostTensor, "dtype" | "shape"> {
    const found = this.held.get(name);
    if (found === undefined)
      throw unrollError({
        code: "UNROLL_WEIGHTS",
        place: this.place,
        expected: `weights and slots ${[...this.held.keys()].join(", ")}`,
        got: `"${name}"`,
        cure: "state() has what fits",
      });
    return { dtype: found.dtype, shape: found.shape };
  }

  /** Frees the engine's memory, after the steps that were asked for. */
  dispose(): void {
    const free = (): void => {
      if (this.disposed) return;
      this.disposed = true;
      for (const one of this.held.values()) disposed(one);
      this.executable.dispose();
    };
    this.queue = this.queue.then(free);
  }
}

const disposed = (one: Feed): void => {
  if ("dispose" in one) (one as DeviceTensor).dispose();
};
