import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type HostTensor, lower, type LowerMode, type Spec, specState, type WeightMap } from "@unroll/api";
import type { Program } from "@unroll/api/adapter";
import { gradient } from "@unroll/api/gradient";
import { type NamedTensor, readSafetensors } from "@unroll/api/weights";
import type { Float64Tensor, Run } from "@unroll/conformance";
import { recordedTensors } from "../packages/cli/src/verify/recorded-tensors.js";
import { type TorchEntry, torchEntry } from "../packages/cli/src/verify/torch/torch-entry.js";
import { torchModule } from "../packages/cli/src/verify/torch/torch-module.js";
import { type TorchRecording, torchRecording } from "../packages/cli/src/verify/torch/torch-recording.js";
import { torchRun } from "../packages/cli/src/verify/torch/torch-run.js";

/** A recorded case of PyTorch as a program of gradients, and what PyTorch's float64 gradients are. */
export interface RecordedGradients {
  readonly name: string;
  readonly program: Program;
  readonly weights: WeightMap;
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** By output of the program. */
  readonly want: Readonly<Record<string, Float64Tensor>>;
}

const folder = fileURLToPath(new URL("../fixtures/torch/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as {
  cases: { readonly gradients: boolean; readonly name: string; readonly file: string }[];
};

/** Every case whose gradients were recorded. */
export const recordedGradients = (): RecordedGradients[] =>
  cases
    .filter((one) => one.gradients)
    .map((one) =>
      gradientsOf(torchEntry(one, { file: "manifest.json", path: "cases", cure: "record it again" })),
    );

type Tensors = Readonly<Record<string, NamedTensor>>;

function gradientsOf(entry: TorchEntry): RecordedGradients {
  const { name } = entry;
  const { tensors } = readSafetensors(readFileSync(folder + entry.file));
  const given = recordedTensors(name, tensors);
  const recording = torchRecording(entry, given);
  const { example } = recording;
  const module = torchModule(entry, given, name);
  const [spec, weights] = [module.spec({ example }), module.canonicalWeights({ example })];
  const x = spec.inputs[0]!.name;
  const { run } = torchRun(spec, recording);
  const how: LowerMode = { mode: "sequence", ...(run.lengths && { extents: { time: "lengths" } }) };
  const states = specState(spec).map(({ layer, part }) => `state.${layer}.${part}`);
  const [output] = spec.outputs as [string];
  const cotangent = torchRun(spec, { ...recording, input: given.floats("cotangent"), state: null }).run
    .inputs[x]!;
  return {
    name,
    program: gradient(lower(spec, how), {
      of: [output],
      withRespectTo: [x, ...Object.keys(weights), ...(run.state ? states : [])],
      outputs: [],
    }),
    weights,
    feeds: {
      [x]: run.inputs[x]!,
      [`cotangent.${output}`]: cotangent,
      ...(run.lengths && { lengths: run.lengths }),
      ...statesOf(spec, run),
    },
    want: wantOf(entry, recording, spec, tensors),
  };
}

/** States as a program is fed them; zeros where the run has none. */
function statesOf(spec: Spec, { state, inputs }: Run): Record<string, HostTensor> {
  const [batch] = inputs[spec.inputs[0]!.name]!.shape as [number];
  return Object.fromEntries(
    specState(spec).map(({ layer, part, shape }) => {
      const own = [batch, ...shape];
      const zeros = new Float32Array(own.reduce((a, b) => a * b));
      return [
        `state.${layer}.${part}`,
        { dtype: "float32", shape: own, data: (state?.[layer]?.[part]?.data ?? zeros) as Float32Array },
      ];
    }),
  );
}

/**
 * PyTorch's gradients in the library's names and layouts. They are float64, what lays them out is float32: so
 * they go through it in two parts that add up to them.
 */
function wantOf(
  entry: TorchEntry,
  recording: TorchRecording,
  spec: Spec,
  tensors: Tensors,
): Record<string, Float64Tensor> {
  const high = laidOut(entry, recording, spec, tensors, (value) => Math.fround(value));
  const low = laidOut(entry, recording, spec, tensors, (value) => value - Math.fround(value));
  return Object.fromEntries(
    Object.entries(high).map(([name, { shape, data }]) => [
      `gradient.${name}`,
      { shape, data: Float64Array.from(data, (value, k) => value + low[name]!.data[k]!) },
    ]),
  );
}

function laidOut(
  entry: TorchEntry,
  recording: TorchRecording,
  spec: Spec,
  tensors: Tensors,
  part: (value: number) => number,
): Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }> {
  const gradients = recordedTensors(
    entry.name,
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith("grad."))
        .map(([name, { shape, data }]) => [
          name.slice("grad.".length),
          { dtype: "F32", shape, data: Float32Array.from(data as Float64Array, part) },
        ]),
    ),
  );
  const state =
    recording.state && ["h0", ...(recording.isLstm ? ["c0"] : [])].map((name) => gradients.floats(name));
  const { run } = torchRun(spec, { ...recording, input: gradients.floats("input"), state });
  return {
    ...run.inputs,
    ...Object.fromEntries(
      Object.entries(run.state ?? {}).flatMap(([layer, parts]) =>
        Object.entries(parts).map(([name, one]) => [`state.${layer}.${name}`, one]),
      ),
    ),
    ...torchModule(entry, gradients, entry.name).canonicalWeights({ example: recording.example }),
  };
}
