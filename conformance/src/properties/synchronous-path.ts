import {
  type Adapter,
  compile,
  type HostTensor,
  isUnrollError,
  lower,
  type SteppableModel,
  tensor,
} from "@unroll/api";
import { prepareSync, type Program } from "@unroll/api/adapter";
import { type Case, describeCase, inputsOf, runOf, slice } from "../cases/case.js";
import { caseOn, cases } from "../cases/cases.js";
import { deriveBounds, type DerivedBounds } from "../tolerance/bounds.js";
import { byPart, holdAgainst, informative, joinChunks, type Results, sequenceOutputs } from "./judge.js";
import { type Property, skip, Violation } from "./property.js";

type Data = HostTensor["data"];
type Sync = ReturnType<typeof prepareSync>;
type Dims = Readonly<Record<string, number>>;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** What stands around an array in a larger one, so that what is written beside it shows. */
const GUARD = 99;

/** An array within a larger one, with guards before and after it. */
function guarded(dtype: HostTensor["dtype"], size: number): Data {
  const whole = new arrays[dtype](size + 2).fill(GUARD);
  return whole.subarray(1, size + 1);
}

function expectGuards(place: string, array: Data): void {
  const whole = new (array.constructor as typeof Float32Array)(array.buffer as ArrayBuffer);
  if (whole[0] !== GUARD || whole[whole.length - 1] !== GUARD)
    throw new Violation(place, "nothing beside its arrays to be written, got another number there");
}

const shapeOf = (shape: Program["inputs"][number]["type"]["shape"], dims: Dims): number[] =>
  shape.map((dim) => (typeof dim === "number" ? dim : dims[dim]!));
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Arrays for the inputs and outputs of a program; what is both, as a state is, is one array. */
class Arrays {
  readonly inputs: Data[];
  readonly outputs: Data[];

  constructor(
    private readonly program: Program,
    private readonly dims: Dims,
  ) {
    this.inputs = program.inputs.map(({ type }) => guarded(type.dtype, sizeOf(shapeOf(type.shape, dims))));
    this.outputs = program.outputs.map(({ name, type }) => {
      const same = program.inputs.findIndex((input) => input.name === name);
      return same >= 0 ? this.inputs[same]! : guarded(type.dtype, sizeOf(shapeOf(type.shape, dims)));
    });
  }

  give(feeds: Readonly<Record<string, HostTensor>>): void {
    this.program.inputs.forEach(({ name }, k) => {
      if (feeds[name]) this.inputs[k]!.set(feeds[name].data);
    });
  }

  run(executable: Sync, place: string): Results {
    executable.runInto(this.inputs, this.outputs, this.dims);
    for (const array of [...this.inputs, ...this.outputs]) expectGuards(place, array);
    return Object.fromEntries(
      this.program.outputs.map(({ name, type }, k) => [
        name.replace(/^state\./, "state "),
        {
          dtype: type.dtype,
          shape: shapeOf(type.shape, this.dims),
          data: this.outputs[k]!.slice(),
        } as HostTensor,
      ]),
    );
  }
}

const stateFeeds = ({ state }: Case): Record<string, HostTensor> =>
  Object.fromEntries(
    Object.entries(state ?? {}).flatMap(([layer, parts]) =>
      Object.entries(parts).map(([part, held]) => [`state.${layer}.${part}`, held]),
    ),
  );

const truthOf = (given: Case, adapter: Adapter): DerivedBounds => {
  const { precision } = adapter.capabilities;
  return deriveBounds(given.spec, given.weights, runOf(given), { precision, samples: 16 });
};

/** The whole sequence at once, on arrays; a state that is none is zeros. */
function whole(executable: Sync, program: Program, given: Case): Results {
  const own = new Arrays(program, { batch: given.batch, time: given.time });
  own.inputs.forEach((array) => array.fill(0));
  own.give({ ...inputsOf(given), ...stateFeeds(given) });
  return own.run(executable, "runInto of a sequence");
}

/** Step after step, the state replaced where it lies. */
function stepwise(executable: Sync, program: Program, given: Case, sequences: ReadonlySet<string>): Results {
  const own = new Arrays(program, { batch: given.batch });
  own.inputs.forEach((array) => array.fill(0));
  own.give(stateFeeds(given));
  const chunks = Array.from({ length: given.time }, (_, t) => {
    own.give(inputsOf(given, slice(given.x, 1, t, t + 1)));
    const results = own.run(executable, "runInto of a step");
    const timed = Object.entries(results).map(([name, result]) => [
      name,
      sequences.has(name) ? { ...result, shape: [given.batch, 1, ...result.shape.slice(1)] } : result,
    ]);
    return { results: Object.fromEntries(timed) as Results, time: 1 };
  });
  return joinChunks(chunks, sequences);
}

/** An array of another size is refused before anything is written. */
function expectRefusal(executable: Sync, program: Program, given: Case): void {
  const own = new Arrays(program, { batch: given.batch });
  const before = own.outputs.map((array) => array.slice());
  const short = own.outputs.map((array, k) => (k === own.outputs.length - 1 ? array.subarray(1) : array));
  try {
    executable.runInto(own.inputs, short, { batch: given.batch });
  } catch (error) {
    if (!isUnrollError(error) || error.code !== "UNROLL_SHAPE") throw error;
    const changed = own.outputs.some((array, k) => array.some((value, n) => value !== before[k]![n]));
    if (changed)
      throw new Violation("runInto with an array too short", "nothing to be written, got other numbers");
    return;
  }
  throw new Violation("runInto with an array too short", "UNROLL_SHAPE, got a run");
}

/** `stepInto` of a model with one output, from no state. */
async function stepInto(
  given: Case,
  adapter: Adapter,
  { exact }: DerivedBounds,
  sequences: ReadonlySet<string>,
): Promise<Results> {
  const { spec, weights, batch, time } = given;
  const [ref] = spec.outputs as readonly [string];
  const [, ...rest] = exact.outputs[ref]!.shape.filter((_, axis) => !sequences.has(ref) || axis !== 1);
  const model = (await compile(spec, { adapter, weights })) as SteppableModel;
  try {
    const state = model.zeroState(batch);
    const out = guarded("float32", batch * sizeOf(rest)) as Float32Array;
    const chunks = Array.from({ length: time }, (_, t) => {
      const { dtype, data } = slice(given.x, 1, t, t + 1);
      const x = guarded(dtype, data.length) as Float32Array | Int32Array;
      x.set(data);
      model.stepInto(x, state, out);
      for (const array of [x, out]) expectGuards("stepInto", array);
      const shape = [batch, ...(sequences.has(ref) ? [1] : []), ...rest];
      return { results: { [ref]: tensor(out.slice(), shape) } as Results, time: 1 };
    });
    const parts = await state.toTypedArrays();
    return { ...joinChunks(chunks, sequences), ...byPart(parts) };
  } finally {
    model.dispose();
  }
}

/** `sequenceInto` of a model with one output, from no state: a step, and then all that are left. */
async function sequenceInto(
  given: Case,
  adapter: Adapter,
  { exact }: DerivedBounds,
  sequences: ReadonlySet<string>,
): Promise<Results> {
  const { spec, weights, batch, time } = given;
  const [ref] = spec.outputs as readonly [string];
  const timed = sequences.has(ref);
  const [, ...rest] = exact.outputs[ref]!.shape.filter((_, axis) => !timed || axis !== 1);
  const model = (await compile(spec, { adapter, weights })) as SteppableModel;
  try {
    const state = model.zeroState(batch);
    const ends = time > 1 ? [1, time] : [1];
    const chunks = ends.map((to, k) => {
      const from = k === 0 ? 0 : ends[k - 1]!;
      const { dtype, data } = slice(given.x, 1, from, to);
      const x = guarded(dtype, data.length) as Float32Array | Int32Array;
      x.set(data);
      const shape = [batch, ...(timed ? [to - from] : []), ...rest];
      const out = guarded("float32", sizeOf(shape)) as Float32Array;
      model.sequenceInto(x, state, out);
      for (const array of [x, out]) expectGuards("sequenceInto", array);
      return { results: { [ref]: tensor(out.slice(), shape) } as Results, time: to - from };
    });
    const parts = await state.toTypedArrays();
    return { ...joinChunks(chunks, sequences), ...byPart(parts) };
  } finally {
    model.dispose();
  }
}

export const synchronousPath: Property<Case> = {
  id: "synchronous-path",
  title: "an engine that runs at once, on the caller's arrays, gives what is true, and writes nothing else",
  rules: ["step", "state", "purity", "R19"],
  share: 0.5,
  arbitrary: () => cases({ steppable: true, extent: "none", axes: false }),
  describe: describeCase,
  async check(given, { adapter }) {
    if (!adapter.capabilities.synchronous) return skip("the engine is not synchronous");
    if (!adapter.compileSync)
      throw new Violation("an adapter that claims to be synchronous", "a method compileSync, got none");
    const truth = truthOf(given, adapter);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const sequences = sequenceOutputs(given, truth.exact);
    const [sequence, step] = [lower(given.spec, { mode: "sequence" }), lower(given.spec, { mode: "step" })];
    const [atOnce, byStep] = [sequence, step].map((program) =>
      prepareSync(adapter, program, given.weights),
    ) as [Sync, Sync];
    try {
      let worst = holdAgainst("runInto of a sequence", whole(atOnce, sequence, given), truth);
      const steps = stepwise(byStep, step, given, sequences);
      worst = Math.max(worst, holdAgainst("runInto, step by step", steps, truth));
      // Other sizes, and then those of before.
      const other = caseOn(given, { seed: 5, batch: given.batch + 1, time: given.time + 2, extent: "none" });
      const otherTruth = truthOf(other, adapter);
      if (informative(otherTruth, adapter.capabilities.precision))
        holdAgainst("runInto of other sizes", whole(atOnce, sequence, other), otherTruth);
      worst = Math.max(
        worst,
        holdAgainst("runInto after one of other sizes", whole(atOnce, sequence, given), truth),
      );
      expectRefusal(byStep, step, given);
      if (given.spec.outputs.length > 1) return { errorOverBound: worst };
      const zero = { ...given, state: null };
      const zeroTruth = truthOf(zero, adapter);
      if (informative(zeroTruth, adapter.capabilities.precision)) {
        const results = await stepInto(zero, adapter, zeroTruth, sequences);
        worst = Math.max(worst, holdAgainst("stepInto", results, zeroTruth));
        const blocks = await sequenceInto(zero, adapter, zeroTruth, sequences);
        worst = Math.max(worst, holdAgainst("sequenceInto", blocks, zeroTruth));
      }
      return { errorOverBound: worst };
    } finally {
      atOnce.dispose();
      byStep.dispose();
    }
  },
};
