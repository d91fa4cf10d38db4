import {
  type Adapter,
  compile,
  type HostTensor,
  type Spec,
  specState,
  specWeights,
  validateSpec,
  type WeightMap,
} from "@unroll/api";
import { fromKeras, fromTf1, fromTorch } from "@unroll/api/weights";
import type { Float64Tensor, Run } from "@unroll/conformance";
import { type CoreCase, stepModes, truthOf } from "../core-case.js";
import type { RecordedCase } from "../recorded.js";
import { type RecordedTensors, refusal, renamed } from "../recorded-tensors.js";
import type { CoreResults, NamedResults } from "../results.js";
import type { SpecEntry } from "./spec-entry.js";

/**
 * Makes a case ready. Its file has the inputs by name, `lengths` where rows end early or `mask.AXIS` [batch,
 * time] where steps along a time axis are not real, `state.LAYER.PART` where it starts from a state, weights
 * as `w.NAME`, and the results: outputs as `f64.REFERENCE` and, where they were recorded, final states as
 * `f64.state.LAYER.PART`.
 *
 * @throws UNROLL_SPEC and what reading weights throws, UNROLL_FORMAT when the file is not as it says
 */
export function specCase(entry: SpecEntry, stored: RecordedTensors): RecordedCase {
  const { spec } = entry;
  validateSpec(spec);
  const tensors = entry.tensors ? withNames(stored, entry.tensors) : stored;
  assertKnown(spec, tensors);
  const run = runOf(spec, tensors, entry.lengths ?? null);
  const want = wantedOf(spec, tensors);
  const named = ({ outputs, state }: CoreResults): NamedResults => ({
    ...outputs,
    ...Object.fromEntries(
      Object.entries(state).flatMap(([layer, parts]) =>
        Object.entries(parts).map(([part, held]) => [`state.${layer}.${part}`, held]),
      ),
    ),
  });
  const core: CoreCase = { spec, weights: weightsOf(entry, spec, tensors), runs: [{ run, named }] };
  const [{ axis }, ...others] = spec.inputs as [Spec["inputs"][number]];
  const alone = others.length === 0 && axis === STEPS;
  return {
    name: entry.name,
    want,
    ...truthOf(core),
    modes: [
      { mode: "sequence", run: async (adapter) => named(await runWhole(core, adapter)) },
      ...(alone ? stepModes(core) : []),
    ],
  };
}

/** Tensors under the names that an entry gives them, every one of which the file has. */
function withNames(stored: RecordedTensors, names: Readonly<Record<string, string>>): RecordedTensors {
  for (const own of Object.values(names)) stored.stored(own);
  return renamed(stored, new Map(Object.entries(names)));
}

/** The weights under canonical names. */
function weightsOf({ weights: dialect }: SpecEntry, spec: Spec, tensors: RecordedTensors): WeightMap {
  const given = Object.fromEntries(
    Object.entries(tensors.named((name) => name.startsWith("w."))).map(([name, held]) => [
      name.slice(2),
      held,
    ]),
  );
  if (dialect !== "canonical")
    return { torch: fromTorch, keras: fromKeras, tf1: fromTf1 }[dialect](spec, given).weights;
  return Object.fromEntries(
    specWeights(spec).map(({ name, shape }) => [name, tensors.floats(`w.${name}`, shape)]),
  );
}

/** Refuses what nothing reads: a mask, or a name that is wrong by a letter, would change what is right. */
function assertKnown(spec: Spec, tensors: RecordedTensors): void {
  const states = specState(spec).map(({ layer, part }) => `state.${layer}.${part}`);
  // A framework's own float32 results may stand beside those of float64.
  const masks = axesOf(spec).map((axis) => `mask.${axis}`);
  const known = [...spec.inputs.map(({ name }) => name), "lengths", ...masks, ...states, ...spec.outputs];
  const given = Object.keys(tensors.named((name) => !/^(w|f64)\./.test(name)));
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw refusal(
      tensors.place,
      `tensors among ${known.join(", ")}, w.NAME, f64.NAME`,
      `"${unknown}"`,
      unknown,
    );
}

function runOf(spec: Spec, tensors: RecordedTensors, told: readonly number[] | null): Run {
  const inputs = Object.fromEntries(
    spec.inputs.map(({ name, dtype, axis, shape }) => {
      const axes = ["batch", ...(axis === null ? [] : [axis]), ...shape];
      if (dtype === "float32") return [name, tensors.floats(name, axes)];
      const { shape: own, data } = tensors.stored(name, axes, ["I32", "I64"]);
      return [name, { dtype, shape: own, data: Int32Array.from(data as Int32Array, Number) } as HostTensor];
    }),
  );
  const state: Record<string, Record<string, HostTensor<"float32">>> = {};
  for (const { layer, part, shape } of specState(spec)) {
    const name = `state.${layer}.${part}`;
    if (tensors.has(name)) (state[layer] ??= {})[part] = tensors.floats(name, ["batch", ...shape]);
  }
  const masks = Object.fromEntries(
    axesOf(spec).flatMap((axis) =>
      tensors.has(`mask.${axis}`) ? [[axis, { mask: maskOf(tensors, axis) }] as const] : [],
    ),
  );
  const { [STEPS]: steps, ...along } = masks;
  const lengths = lengthsOf(spec, tensors, told);
  return {
    inputs,
    ...(lengths && { lengths }),
    ...steps,
    ...(Object.keys(along).length > 0 && { along }),
    ...(Object.keys(state).length > 0 && { state }),
  };
}

/** How many steps of each row are real, where the file or the manifest says so; not both. */
function lengthsOf(
  { inputs }: Spec,
  tensors: RecordedTensors,
  told: readonly number[] | null,
): HostTensor<"int32"> | null {
  const own = tensors.has("lengths") ? tensors.stored("lengths", ["batch"], ["I32", "I64"]) : null;
  if (own && told) throw refusal(tensors.place, "lengths in the manifest or in the file", "both", "lengths");
  if (own) return { dtype: "int32", shape: own.shape, data: Int32Array.from(own.data as Int32Array, Number) };
  if (!told) return null;
  const steps = inputs.find(({ axis }) => axis === STEPS);
  const [batch = 0, time = 0] = steps ? tensors.stored(steps.name).shape : [];
  if (told.length !== batch || told.some((length) => length > time))
    throw refusal(
      tensors.place,
      `lengths of ${batch} rows, up to ${time}`,
      JSON.stringify(told).slice(0, 60),
      "lengths",
    );
  return { dtype: "int32", shape: [batch], data: Int32Array.from(told) };
}

/** The time axis that steps run along. */
const STEPS = "time";

/** Every time axis that is given. */
const axesOf = ({ inputs }: Spec): string[] => [...new Set(inputs.flatMap(({ axis }) => axis ?? []))];

function maskOf(tensors: RecordedTensors, axis: string): HostTensor<"bool"> {
  const { shape, data } = tensors.stored(`mask.${axis}`, ["batch", axis], ["BOOL"]);
  return { dtype: "bool", shape, data: data as Uint8Array };
}

/** Every mask of a run, by time axis. */
const masksOf = ({ mask, along = {} }: Run): Record<string, HostTensor<"bool">> =>
  Object.fromEntries(
    [[STEPS, mask] as const, ...Object.entries(along).map(([axis, ends]) => [axis, ends.mask] as const)]
      .filter(([, one]) => one !== undefined)
      .map(([axis, one]) => [axis, one as HostTensor<"bool">]),
  );

/** Everything recorded that a run returns. */
function wantedOf(spec: Spec, tensors: RecordedTensors): Record<string, Float64Tensor> {
  const known = [...spec.outputs, ...specState(spec).map(({ layer, part }) => `state.${layer}.${part}`)];
  const recorded = Object.keys(tensors.named((name) => name.startsWith("f64."))).map((name) => name.slice(4));
  const unknown = recorded.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw refusal(tensors.place, `results among ${known.join(", ")}`, `"f64.${unknown}"`, unknown);
  const missing = spec.outputs.find((ref) => !recorded.includes(ref));
  if (missing !== undefined)
    throw refusal(tensors.place, `tensor "f64.${missing}"`, "none in its file", missing);
  return Object.fromEntries(recorded.map((name) => [name, tensors.result(`f64.${name}`)]));
}

async function runWhole({ spec, weights, runs }: CoreCase, adapter: Adapter): Promise<CoreResults> {
  const { run } = runs[0]!;
  const model = await compile(spec, { adapter, weights });
  const mask = masksOf(run);
  const { outputs, state } = await model.sequence(run.inputs, {
    ...(Object.keys(mask).length > 0 && { mask }),
    ...(run.lengths && { lengths: { [STEPS]: Array.from(run.lengths.data) } }),
    ...(run.state && { state: run.state as Record<string, Record<string, HostTensor>> }),
  });
  const after = await state.toTypedArrays();
  model.dispose();
  return { outputs, state: after };
}
