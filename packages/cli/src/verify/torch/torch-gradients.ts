import { type HostTensor, lower, type LowerMode, type Spec, specState, type WeightMap } from "@unroll/api";
import { prepare, type Program } from "@unroll/api/adapter";
import { gradient } from "@unroll/api/gradient";
import { deriveProgramBounds, type Float64Tensor, type Run } from "@unroll/conformance";
import type { RecordedCase } from "../recorded.js";
import { recordedTensors, type RecordedTensors } from "../recorded-tensors.js";
import type { NamedResults } from "../results.js";
import type { TorchEntry } from "./torch-entry.js";
import { torchModule } from "./torch-module.js";
import { type TorchRecording, torchRecording } from "./torch-recording.js";
import { torchRun } from "./torch-run.js";

/** A recorded case of PyTorch as a program of gradients, and what PyTorch's float64 gradients are. */
export interface TorchGradients {
  readonly program: Program;
  readonly weights: WeightMap;
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** By output of the program. */
  readonly want: Readonly<Record<string, Float64Tensor>>;
}

/**
 * The gradients of what a recurrent module puts out, against the recorded cotangent.
 *
 * @throws UNROLL_UNSUPPORTED when the facade can't express the module, UNROLL_FORMAT when the file is not as
 *   it says
 */
export function torchGradients(entry: TorchEntry, tensors: RecordedTensors, place: string): TorchGradients {
  const recording = torchRecording(entry, tensors);
  const { example } = recording;
  const module = torchModule(entry, tensors, place);
  const [spec, weights] = [module.spec({ example }), module.canonicalWeights({ example })];
  const x = spec.inputs[0]!.name;
  const { run } = torchRun(spec, recording);
  const how: LowerMode = { mode: "sequence", ...(run.lengths && { extents: { time: "lengths" } }) };
  const states = specState(spec).map(({ layer, part }) => `state.${layer}.${part}`);
  const [output] = spec.outputs as [string];
  return {
    program: gradient(lower(spec, how), {
      of: [output],
      withRespectTo: [x, ...Object.keys(weights), ...(run.state ? states : [])],
      outputs: [],
    }),
    weights,
    feeds: {
      [x]: run.inputs[x]!,
      [`cotangent.${output}`]: cotangentOf(spec, recording, tensors),
      ...(run.lengths && { lengths: run.lengths }),
      ...statesOf(spec, run),
    },
    want: wantOf(entry, recording, spec, tensors, place),
  };
}

/** The recorded gradients made ready to be checked. @throws as {@link torchGradients} */
export function torchGradientCase(entry: TorchEntry, tensors: RecordedTensors, place: string): RecordedCase {
  const { program, weights, feeds, want } = torchGradients(entry, tensors, place);
  const { exact, bounds } = deriveProgramBounds({ program, weights, feeds }, "f32");
  return {
    name: entry.name,
    want,
    exact,
    bounds,
    modes: [
      {
        mode: "gradients",
        async run(adapter) {
          const executable = await prepare(adapter, program, weights);
          try {
            const results: Record<string, NamedResults[string]> = {};
            for (const [name, held] of Object.entries(await executable.run(feeds))) {
              results[name] = await held.read();
              held.dispose();
            }
            return results;
          } finally {
            executable.dispose();
          }
        },
      },
    ],
  };
}

/** What the sum of the output was weighted by: of the shape of the output, and laid as it. */
function cotangentOf(spec: Spec, recording: TorchRecording, tensors: RecordedTensors): HostTensor {
  const { shape } = tensors.result("f64.output");
  const input = tensors.floats("cotangent", shape);
  return torchRun(spec, { ...recording, input, state: null }).run.inputs[spec.inputs[0]!.name]!;
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
  tensors: RecordedTensors,
  place: string,
): Record<string, Float64Tensor> {
  const laid = (part: (value: number) => number) => laidOut(entry, recording, spec, tensors, place, part);
  const high = laid((value) => Math.fround(value));
  const low = laid((value) => value - Math.fround(value));
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
  tensors: RecordedTensors,
  place: string,
  part: (value: number) => number,
): Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }> {
  const gradients = recordedTensors(
    place,
    Object.fromEntries(
      Object.keys(tensors.named((name) => name.startsWith(PREFIX))).map((name) => {
        const { shape, data } = tensors.stored(name, tensors.stored(name.slice(PREFIX.length)).shape, [
          "F64",
        ]);
        return [
          name.slice(PREFIX.length),
          { dtype: "F32", shape, data: Float32Array.from(data as Float64Array, part) },
        ];
      }),
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
    ...torchModule(entry, gradients, place).canonicalWeights({ example: recording.example }),
  };
}

/** What the file calls a gradient by, before what it is one of. */
const PREFIX = "grad.";
