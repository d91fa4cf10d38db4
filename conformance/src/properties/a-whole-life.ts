import {
  type Adapter,
  compile,
  type HostTensor,
  isUnrollError,
  type PlainState,
  type RunResult,
  State,
  type SteppableModel,
  tensor,
  whyNotSteppable,
} from "@unroll/api";
import { allocate, sizeOf } from "@unroll/api/adapter";
import { type Case, inputsOf, optionsOf, runOf, slice } from "../cases/case.js";
import { caseOn, reweighted } from "../cases/cases.js";
import {
  type Act,
  describeLife,
  kindOfAct,
  kindsOfActs,
  knownLives,
  type Life,
  lives,
  type RunChoice,
} from "../cases/lives.js";
import type { Float64Tensor } from "../oracle/evaluate.js";
import { deriveBounds, type DerivedBounds } from "../tolerance/bounds.js";
import { byPart, holdAgainst, informative, type Results, sequenceOutputs } from "./judge.js";
import { type Property, skip, Violation } from "./property.js";

/** States that are kept at once. */
const KEPT = 6;

/**
 * A state, and how it came to be: the numbers that it was when it was last looked at, and what has gone in
 * since. Looking at a state takes it out of the engine, so that is put off.
 */
interface Kept {
  readonly model: number;
  readonly state: State;
  readonly base: PlainState | null;
  readonly since: HostTensor | null;
}

/** Where a run starts. */
interface Start {
  readonly from: State | null;
  readonly base: PlainState | null;
  readonly since: HostTensor | null;
}

const fresh: Start = { from: null, base: null, since: null };

/** Two inputs of one model, one after the other in time. */
function joined(a: HostTensor | null, b: HostTensor): HostTensor {
  if (a === null) return { ...b, data: b.data.slice() };
  const [batch, before, ...rest] = a.shape as [number, number, ...number[]];
  const [size, after] = [rest.reduce((p, q) => p * q, 1), b.shape[1]!];
  const shape = [batch, before + after, ...rest];
  const made = { dtype: b.dtype, shape, data: allocate(b.dtype, sizeOf(shape)) };
  for (let row = 0; row < batch; row++) {
    const at = row * (before + after) * size;
    made.data.set(a.data.subarray(row * before * size, (row + 1) * before * size), at);
    made.data.set(b.data.subarray(row * after * size, (row + 1) * after * size), at + before * size);
  }
  return made as HostTensor;
}

/** What is true of the last `time` steps of a run. */
function ofLastSteps(truth: DerivedBounds, given: Case, time: number): DerivedBounds {
  const sequences = sequenceOutputs(given, truth.exact);
  const cut = (outputs: Readonly<Record<string, Float64Tensor>>): Record<string, Float64Tensor> =>
    Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [
        name,
        sequences.has(name)
          ? (slice(
              value as unknown as HostTensor,
              1,
              given.time - time,
              given.time,
            ) as unknown as Float64Tensor)
          : value,
      ]),
    );
  return {
    ...truth,
    exact: { ...truth.exact, outputs: cut(truth.exact.outputs) },
    bounds: { ...truth.bounds, outputs: cut(truth.bounds.outputs) },
  };
}

/** One step's input: [batch, ...]. */
const withoutTime = (given: Case): Record<string, HostTensor> =>
  inputsOf(given, { ...given.x, shape: [given.batch, ...given.x.shape.slice(2)] });

/** Outputs of one step as those of a sequence of one, where the truth has a time axis. */
const withTime = (outputs: RunResult["outputs"], { exact }: DerivedBounds): Record<string, HostTensor> =>
  Object.fromEntries(
    Object.entries<HostTensor>(outputs).map(([name, output]) => {
      const [batch, ...rest] = output.shape as [number, ...number[]];
      const flat = output.shape.length < exact.outputs[name]!.shape.length;
      return [name, flat ? { ...output, shape: [batch, 1, ...rest] } : output];
    }),
  );

/** Whether the caller can't give back the whole state that a run returned. */
const startsFromValues = ({ spec }: Case): boolean =>
  spec.layers.some((layer) => "initialState" in layer && layer.initialState !== null);

/** One engine, the models on it, and the states that were kept. */
class World {
  private readonly givens: Case[];
  private readonly live: (Promise<SteppableModel> | null)[];
  private kept: Kept[] = [];
  /** Worst error over bound. */
  worst = 0;
  /** Runs that were held against the truth. */
  held = 0;

  constructor(
    models: readonly Case[],
    private readonly adapter: Adapter,
  ) {
    this.givens = [...models];
    this.live = models.map(() => null);
  }

  async act(given: Act): Promise<void> {
    switch (given.do) {
      case "sequence":
        await Promise.all(given.runs.map((choice) => this.sequence(choice)));
        return;
      case "step":
        return this.steps(given.run, given.steps);
      case "streams":
        await Promise.all(given.runs.map((choice) => this.stream(choice, given.steps)));
        return;
      case "fail":
        return this.fail(given.model);
      case "rebind":
        return this.rebind(given.model, given.seed);
      case "move":
        return this.move(given.state, given.as);
      case "forget":
        return this.forget(given.state);
      case "dispose":
        return this.disposeInFlight(given.run);
      default:
        return given satisfies never;
    }
  }

  /** Ends everything. */
  async end(): Promise<void> {
    // States of a model go with it.
    for (const model of this.live) (await model)?.dispose();
  }

  private at(model: number): number {
    return model % this.givens.length;
  }

  private model(at: number): Promise<SteppableModel> {
    const { spec, weights } = this.givens[at]!;
    this.live[at] ??= compile(spec, { adapter: this.adapter, weights }) as Promise<SteppableModel>;
    return this.live[at];
  }

  /** Where a run starts that may go on from a kept state; where it needs the numbers, they are read. */
  private async start({ model, state, extent }: RunChoice): Promise<Start> {
    const at = this.at(model);
    const own = this.kept.filter((one) => one.model === at);
    const kept = state === null ? undefined : own[state % Math.max(1, own.length)];
    if (!kept || startsFromValues(this.givens[at]!)) return fresh;
    return this.chains(at, extent)
      ? { from: kept.state, base: kept.base, since: kept.since }
      : { from: kept.state, base: await kept.state.toTypedArrays(), since: null };
  }

  /**
   * Whether runs one after the other are one run: what is held at masked steps begins anew with each, and a
   * backward layer's state is no history.
   */
  private chains(at: number, extent: RunChoice["extent"]): boolean {
    return extent === "none" && whyNotSteppable(this.givens[at]!.spec) === null;
  }

  private async sequence(choice: RunChoice): Promise<void> {
    const at = this.at(choice.model);
    const start = await this.start(choice);
    const given = caseOn(this.givens[at]!, { ...choice, batch: start.from?.batch ?? choice.batch });
    const model = await this.model(at);
    const options = { ...optionsOf(given), ...(start.from && { state: start.from }) };
    const result = await model.sequence(inputsOf(given), options);
    if (this.chains(at, choice.extent))
      return this.keep(
        at,
        result.state,
        await this.judge("sequence", given, start, { outputs: result.outputs }),
      );
    const base = await result.state.toTypedArrays();
    await this.judge("sequence", given, start, { outputs: result.outputs, state: base });
    this.keep(at, result.state, { base, since: null });
  }

  private async steps(choice: RunChoice, steps: number): Promise<void> {
    const at = this.at(choice.model);
    if (whyNotSteppable(this.givens[at]!.spec) !== null) return;
    let start = await this.start({ ...choice, extent: "none" });
    const batch = start.from?.batch ?? choice.batch;
    const model = await this.model(at);
    for (let t = 0; t < steps; t++) {
      const run = { seed: choice.seed + t, batch, time: 1, extent: "none" } as const;
      const given = caseOn(this.givens[at]!, run);
      const result = await model.step(withoutTime(given), start.from ?? model.zeroState(batch));
      start = {
        ...(await this.judge("step", given, start, { outputs: result.outputs })),
        from: result.state,
      };
    }
    this.keep(at, start.from!, start);
  }

  private async stream(choice: RunChoice, steps: number): Promise<void> {
    const at = this.at(choice.model);
    if (whyNotSteppable(this.givens[at]!.spec) !== null) return;
    const { batch } = choice;
    const stream = (await this.model(at)).stream({ batch });
    let start: Start = fresh;
    for (let t = 0; t < steps; t++) {
      const run = { seed: choice.seed + t, batch, time: 1, extent: "none" } as const;
      const given = caseOn(this.givens[at]!, run);
      const output = await stream.step(withoutTime(given));
      const outputs = { [given.spec.outputs[0]!]: output };
      start = await this.judge("step of a stream", given, start, { outputs });
    }
    stream.dispose();
  }

  private async fail(choice: number): Promise<void> {
    const at = this.at(choice);
    const model = await this.model(at);
    // Ids are of another dtype, too.
    const size = (this.givens[at]!.spec.inputs[0]!.shape[0] ?? 1) + 1;
    try {
      await model.sequence(tensor(new Float32Array(size), [1, 1, size]));
    } catch (error) {
      if (isUnrollError(error)) return;
      throw error;
    }
    throw new Violation("a run of an input that does not fit", "an error, got a result");
  }

  private async rebind(choice: number, seed: number): Promise<void> {
    const at = this.at(choice);
    const model = await this.model(at);
    // What has gone in went in under the old weights.
    this.kept = await Promise.all(
      this.kept.map(async (one) =>
        one.model === at ? { ...one, base: await one.state.toTypedArrays(), since: null } : one,
      ),
    );
    this.givens[at] = reweighted(this.givens[at]!, seed);
    await model.rebind(this.givens[at].weights);
  }

  private async move(choice: number, as: "arrays" | "json"): Promise<void> {
    const index = choice % Math.max(1, this.kept.length);
    const one = this.kept[index];
    if (!one) return;
    const state =
      as === "arrays"
        ? State.fromTypedArrays(await one.state.toTypedArrays())
        : State.fromJSON((await one.state.toHost()).toJSON());
    this.kept[index] = { ...one, state };
  }

  private forget(choice: number): void {
    const [one] = this.kept.splice(choice % Math.max(1, this.kept.length), 1);
    one?.state.dispose();
  }

  private async disposeInFlight(choice: RunChoice): Promise<void> {
    const at = this.at(choice.model);
    const given = caseOn(this.givens[at]!, choice);
    const model = await this.model(at);
    const run = model.sequence(inputsOf(given), optionsOf(given));
    model.dispose();
    this.live[at] = null;
    // Its states go with it.
    this.kept = this.kept.filter((one) => one.model !== at);
    let result: RunResult;
    try {
      result = await run;
    } catch (error) {
      if (isUnrollError(error) && error.code === "UNROLL_DISPOSED") return;
      throw error;
    }
    await this.judge("a run whose model was disposed meanwhile", given, fresh, { outputs: result.outputs });
  }

  private keep(model: number, state: State, { base, since }: Omit<Start, "from">): void {
    this.kept.push({ model, state, base, since });
    if (this.kept.length > KEPT) this.kept.shift()!.state.dispose();
  }

  /**
   * Holds what came out against the truth of what went in, and then spoils both, as their owner may.
   *
   * @returns how the state after it came to be
   */
  private async judge(
    place: string,
    given: Case,
    { base, since }: Omit<Start, "from">,
    { outputs, state = {} }: { readonly outputs: RunResult["outputs"]; readonly state?: PlainState },
  ): Promise<Start> {
    const { precision } = this.adapter.capabilities;
    const all = joined(since, given.x);
    const whole = { ...given, x: all, time: all.shape[1]!, state: base };
    const truth = deriveBounds(given.spec, given.weights, runOf(whole), { precision, samples: 16 });
    if (informative(truth, precision)) {
      const wanted = ofLastSteps(truth, whole, given.time);
      const results = { ...withTime(outputs, wanted), ...byPart(state) };
      this.worst = Math.max(this.worst, holdAgainst(place, results, whatIsThere(wanted, results)));
      this.held++;
    }
    for (const { data } of Object.values<HostTensor>(outputs)) data.fill(NaN);
    given.x.data.fill(0);
    return { from: null, base, since: all };
  }
}

/** The truth of some results. */
function whatIsThere({ exact, bounds, ...rest }: DerivedBounds, results: Results): DerivedBounds {
  const some = ({ outputs, state }: DerivedBounds["exact"]): DerivedBounds["exact"] => ({
    outputs: Object.fromEntries(Object.entries(outputs).filter(([name]) => Object.hasOwn(results, name))),
    state: Object.keys(results).some((name) => name.startsWith("state ")) ? state : {},
  });
  return { ...rest, exact: some(exact), bounds: some(bounds) };
}

export const aWholeLife: Property<Life> = {
  id: "a-whole-life",
  title:
    "whatever is done with models of one engine, and in whatever order, each call gives what is true of it",
  rules: ["purity", "state", "step", "ownership", "rebind"],
  share: 0.25,
  arbitrary: lives,
  examples: knownLives,
  classes: { all: () => kindsOfActs, of: ({ acts }) => acts.map(kindOfAct) },
  describe: describeLife,
  async check({ models, acts }, { adapter }) {
    const world = new World(models, adapter);
    try {
      for (const act of acts) await world.act(act);
    } finally {
      await world.end();
    }
    return world.held === 0 ? skip("no run that says something") : { errorOverBound: world.worst };
  },
};
