import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type HostTensor, tensor } from "@unroll/api";
import { compareWithBound } from "@unroll/conformance";
import { importOnnx, type OnnxModel, type OnnxTensors } from "@unroll/formats";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { type ProgramBounds, deriveCarriedBounds } from "../conformance/src/properties/hold-program.js";
import { fast } from "../conformance/test/settings.js";
import { engines } from "./engines.js";

/** Pieces of a sequence, each run given the state that the one before left. */
const PIECES = 50;

/** A model that others made, in a package of npm. */
interface Found {
  readonly file: string;
  /** Samples of a piece, and how many there are in a second. */
  readonly samples: number;
  readonly rate: number;
  readonly states: readonly string[];
}

/** Silero's detectors of speech: 4 of convolutions and LSTM layers, 5 and 6 of others with one. */
const models: readonly Found[] = [
  { file: "silero_vad_legacy.onnx", samples: 256, rate: 8000, states: ["h", "c"] },
  { file: "silero_vad_v5.onnx", samples: 256, rate: 8000, states: ["state"] },
  { file: "silero_vad_v6.onnx", samples: 576, rate: 16000, states: ["state"] },
];

const folder = join(createRequire(import.meta.url).resolve("@ricky0123/vad-web/package.json"), "../dist/");

/** Something like speech: harmonics of a pitch that wanders, in syllables, and noise. */
function spoken({ samples, rate }: Found): HostTensor[] {
  let [phase, noise] = [0, 12345];
  return Array.from({ length: PIECES }, (_, piece) =>
    tensor(
      Float32Array.from({ length: samples }, (_, k) => {
        const time = (piece * samples + k) / rate;
        phase += (2 * Math.PI * (140 + 40 * Math.sin(5 * time))) / rate;
        noise = (Math.imul(noise, 1664525) + 1013904223) | 0;
        const voice = [1, 2, 3, 5, 8].reduce((sum, n) => sum + Math.sin(n * phase) / n, 0);
        const syllable = Math.max(0, Math.sin(2 * Math.PI * 3 * time));
        return 0.2 * voice * syllable + (0.02 * noise) / 2 ** 31;
      }),
      [1, samples],
    ),
  );
}

/** Results of all pieces by the name of the output, [piece, ...axes]. */
type Results = Record<string, { shape: number[]; data: number[] }>;

function append(results: Results, name: string, shape: readonly number[], data: ArrayLike<number>): void {
  const own = (results[name] ??= { shape: [0, ...shape], data: [] });
  own.shape[0]!++;
  own.data.push(...Array.from(data));
}

const rateOf = ({ rate }: Found): HostTensor => tensor([rate], [], "int32");

/** What ONNX Runtime gives of the file, with the state that it leaves itself. */
async function runtimeResults(bytes: Uint8Array, found: Found, model: OnnxModel): Promise<Results> {
  const session = await ort.InferenceSession.create(bytes);
  let state: Record<string, ort.Tensor> = Object.fromEntries(
    Object.entries(model.zeroState(1)).map(([name, { data, shape }]) => [
      name,
      new ort.Tensor("float32", data as Float32Array, shape),
    ]),
  );
  const results: Results = {};
  for (const piece of spoken(found)) {
    const input = new ort.Tensor("float32", piece.data as Float32Array, piece.shape);
    const sr = new ort.Tensor("int64", BigInt64Array.of(BigInt(found.rate)), []);
    const outputs = await session.run({ input, sr, ...state });
    for (const [name, { dims, data }] of Object.entries(outputs))
      append(results, name, dims, data as Float32Array);
    state = Object.fromEntries(model.states.map(({ input, output }) => [input, outputs[output]!]));
  }
  await session.release();
  return results;
}

async function ownResults(model: OnnxModel, found: Found): Promise<Results> {
  const results: Results = {};
  let state: OnnxTensors = model.zeroState(1);
  for (const input of spoken(found)) {
    const stepped = await model.step({ input, sr: rateOf(found) }, state);
    state = stepped.state;
    const all = { ...stepped.outputs };
    for (const { input, output } of model.states) all[output] = state[input]!;
    for (const { name } of model.outputs) append(results, name, all[name]!.shape, all[name]!.data);
  }
  return results;
}

/** How far results of all pieces may be off; the same for engines of one precision. */
const derived = new Map<string, ProgramBounds>();

function boundsOf(model: OnnxModel, found: Found): ProgramBounds {
  const { precision } = model.adapter.capabilities;
  const key = `${found.file} ${precision}`;
  const already = derived.get(key);
  if (already) return already;
  const fed = spoken(found).map((input) => ({ input, sr: rateOf(found), ...model.zeroState(1) }));
  const { program, weights } = model.programOf(fed[0]!);
  const carried = model.states.map(({ input, output }) => [
    `input.${model.inputs.findIndex(({ name }) => name === input)}`,
    `output.${model.outputs.findIndex(({ name }) => name === output)}`,
  ]);
  const bounds = deriveCarriedBounds(
    {
      program,
      weights: weights as never,
      feeds: fed.map((one) => model.programOf(one).feeds as never),
      carried: Object.fromEntries(carried) as Record<string, string>,
    },
    precision,
  );
  derived.set(key, bounds);
  return bounds;
}

describe.skipIf(fast).each(Object.entries(engines))("models of others on %s", (_name, engine) => {
  it.each(models.map((found) => [found.file, found] as const))(
    `%s gives what ONNX Runtime gives, over ${PIECES} pieces`,
    async (_, found) => {
      const bytes = readFileSync(join(folder, found.file));
      const model = await importOnnx(bytes, { adapter: engine(), known: ["sr"] });
      expect(model.states.map(({ input }) => input)).toEqual(found.states);
      const [got, want] = [await ownResults(model, found), await runtimeResults(bytes, found, model)];
      const { bounds } = boundsOf(model, found);
      expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
      model.outputs.forEach(({ name }, k) => {
        const { shape, data } = bounds[`output.${k}`]!;
        const exact = { shape: want[name]!.shape, data: Float64Array.from(want[name]!.data) };
        // Both are off.
        const bound = { shape, data: Float64Array.from(data, (one) => 2 * one) };
        const own = tensor(Float32Array.from(got[name]!.data), got[name]!.shape);
        expect(compareWithBound(own, exact, bound).errorOverBound, name).toBeLessThanOrEqual(1);
      });
      // It hears something, and not always.
      const heard = got["output"]!.data;
      expect(Math.max(...heard) - Math.min(...heard)).toBeGreaterThan(0.1);
      model.dispose();
    },
    300_000,
  );
});
