import { unrollError, type UnrollErrorCode } from "../contract/error.js";
import { isRecord, kindOf } from "../contract/kind.js";
import { taken } from "../contract/taken.js";
import { type HostTensor, isHostTensor, type Nested, tensor, tensorProblem } from "../contract/tensor.js";
import { type Runnable, type SignatureInput, STEPS } from "../program/runnable.js";

/** One input of a run: a tensor, or nested arrays of numbers. */
export type TensorLike = HostTensor | Nested;

/** Everything a run is fed: the one input, or every input by name. */
export type InputsLike = TensorLike | Readonly<Record<string, TensorLike>>;

/** Inputs of a run after checking, with the sizes they share. */
export interface CheckedInputs {
  readonly feeds: Record<string, HostTensor>;
  /** Rows, and the length of each time axis. */
  readonly sizes: Readonly<Record<string, number>> & { readonly batch: number };
}

/** Names of the leading axes of an input, in order. */
function axesOf({ axis }: SignatureInput, mode: "sequence" | "step", timeMajor: boolean): readonly string[] {
  if (axis === null || (mode === "step" && axis === STEPS)) return ["batch"];
  return timeMajor ? [axis, "batch"] : ["batch", axis];
}

/** Time axes of the inputs, in their order. */
export const axesOfInputs = ({ inputs }: Pick<Runnable, "inputs">): readonly string[] => [
  ...new Set(inputs.flatMap(({ axis }) => axis ?? [])),
];

/** What the check of one input needs. */
interface InputPlan {
  readonly input: SignatureInput;
  /** Place for errors. */
  readonly place: string;
  /** Sizes that are fixed, and names of those that a run chooses. */
  readonly wanted: readonly (number | string)[];
}

/** Notes the sizes that an input chooses; whether they agree with those of the inputs before it. */
function agrees(
  shape: readonly number[],
  wanted: InputPlan["wanted"],
  sizes: Record<string, number>,
): boolean {
  if (shape.length !== wanted.length) return false;
  for (let k = 0; k < wanted.length; k++) {
    const dim = wanted[k]!;
    if ((typeof dim === "number" ? dim : (sizes[dim] ??= shape[k]!)) !== shape[k]) return false;
  }
  return true;
}

function refuseShape(
  { input, place, wanted }: InputPlan,
  got: readonly number[],
  sizes: Readonly<Record<string, number>>,
  hints: { readonly step: boolean; readonly first: boolean },
): never {
  const shown = wanted.map((dim) =>
    typeof dim === "string" && sizes[dim] !== undefined && !hints.first ? `${dim} = ${sizes[dim]}` : dim,
  );
  const cure =
    got.length === wanted.length
      ? "the last axis is the input size"
      : hints.step && input.axis === STEPS
        ? "a step takes one row for each sequence and no time axis"
        : "the axes are those of one batch of sequences";
  throw unrollError({
    code: "UNROLL_SHAPE",
    place,
    expected: `[${shown.join(", ")}]`,
    got: `[${got.join(", ")}]`,
    cure,
    details: { input: input.name, expected: wanted, got },
  });
}

/** Refuses a run without rows, or over no steps where that says nothing. */
function refuseNothing(place: string, sizes: Readonly<Record<string, number>>, mayBeEmpty: boolean): void {
  for (const empty in sizes) {
    if (sizes[empty] !== 0 || (mayBeEmpty && empty === STEPS)) continue;
    throw unrollError({
      code: "UNROLL_SHAPE",
      place,
      expected: `at least 1 along "${empty}"`,
      got: "0",
      cure: "skip the call",
      details: { axis: empty },
    });
  }
}

/** Checks the inputs of a run, and copies them unless it may `keep` what was given. */
export type InputCheck = (given: InputsLike, keep?: boolean) => CheckedInputs;

/** Prepares the check of a model's inputs: what depends on the signature alone is worked out here, once. */
export function inputChecker(runnable: Runnable, mode: "sequence" | "step", timeMajor: boolean): InputCheck {
  const model = `model "${runnable.name}" ${mode}`;
  const plans = runnable.inputs.map((input): InputPlan => ({
    input,
    place: `${model} input "${input.name}"`,
    wanted: [...axesOf(input, mode, timeMajor), ...input.shape],
  }));
  const names = runnable.inputs.map(({ name }) => name);
  return (given, keep = false) => {
    // An axis may be called `constructor`.
    const sizes = Object.create(null) as Record<string, number>;
    const feeds: Record<string, HostTensor> = {};
    const named = byName(names, model, given);
    for (const plan of plans) {
      const { input, place, wanted } = plan;
      const value = toTensor(place, named[input.name]!, input.dtype, keep);
      if (!agrees(value.shape, wanted, sizes))
        refuseShape(plan, value.shape, sizes, { step: mode === "step", first: plan === plans[0] });
      if (value.dtype === "int32" && input.ids < Infinity) assertIds(place, value.data, input.ids);
      feeds[input.name] = value;
    }
    refuseNothing(model, sizes, runnable.mayBeEmpty);
    return { feeds, sizes: sizes as CheckedInputs["sizes"] };
  };
}

function byName(
  names: readonly string[],
  place: string,
  given: InputsLike,
): Readonly<Record<string, TensorLike>> {
  const named = isRecord(given) && !isHostTensor(given);
  if (!named && names.length === 1) return { [names[0]!]: given as TensorLike };
  const record = (named ? given : {}) as Readonly<Record<string, TensorLike>>;
  const missing = names.filter((name) => record[name] === undefined);
  const extra = Object.keys(record).filter((name) => !names.includes(name));
  if (missing.length + extra.length > 0) {
    throw unrollError({
      code: "UNROLL_ARGUMENT",
      place,
      expected: `inputs ${names.join(", ")}`,
      got: [
        ...(named ? [] : [kindOf(given)]),
        ...(missing.length > 0 ? [`none for ${missing.join(", ")}`] : []),
        ...(extra.length > 0 ? [`unknown ${extra.join(", ")}`] : []),
      ].join(" and "),
      cure: "name each input",
      details: { missing, extra },
    });
  }
  return record;
}

/**
 * Refuses what is no tensor, or one whose data are not what its dtype and shape say.
 *
 * @param code of the error; default UNROLL_ARGUMENT or UNROLL_SHAPE
 */
export function assertTensor(
  place: string,
  expected: string,
  given: unknown,
  code?: UnrollErrorCode,
): asserts given is HostTensor {
  const is = isHostTensor(given);
  const problem = is ? tensorProblem(given) : [expected, kindOf(given)];
  if (problem === null) return;
  throw unrollError({
    code: code ?? (is ? "UNROLL_SHAPE" : "UNROLL_ARGUMENT"),
    place,
    expected: problem[0],
    got: problem[1],
    cure: "make it with tensor(data, shape)",
  });
}

function toTensor(place: string, given: TensorLike, dtype: "float32" | "int32", keep: boolean): HostTensor {
  if (typeof given !== "number" && !Array.isArray(given)) {
    assertTensor(place, "a tensor or nested arrays of numbers", given);
    if (given.dtype !== dtype)
      throw unrollError({
        code: "UNROLL_DTYPE",
        place: place,
        expected: dtype,
        got: given.dtype,
        cure: `make it with tensor(data, shape, "${dtype}")`,
        details: { expected: dtype, got: given.dtype },
      });
    return keep ? given : taken(given);
  }
  return tensor(given, undefined, dtype);
}

/** Checks that ids are rows of an embedding. @throws UNROLL_ARGUMENT */
export function assertIds(place: string, ids: ArrayLike<number>, limit: number): void {
  for (let k = 0; k < ids.length; k++) {
    if (ids[k]! < 0 || ids[k]! >= limit)
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: place,
        expected: `ids from 0 to ${limit - 1}`,
        got: `${ids[k]} at position ${k}`,
        cure: `the embedding has ${limit} rows`,
        details: { id: ids[k], position: k, rows: limit },
      });
  }
}
