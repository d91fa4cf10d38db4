import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { builtin, type HostTensor, isUnrollError } from "@unroll/api";
import { nn, packPaddedSequence, padPackedSequence } from "@unroll/api/torch";
import { type NamedTensor, readSafetensors, toFloat32 } from "@unroll/api/weights";
import { compareWithBound, type Float64Tensor } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { readManifest } from "../packages/cli/src/verify/manifest.js";

interface Case {
  readonly name: string;
  readonly file: string;
  readonly type: "module" | "cell";
  readonly module: string;
  readonly args: {
    input_size: number;
    hidden_size: number;
    num_layers: number;
    bias: boolean;
    batch_first: boolean;
    dropout: number;
    bidirectional: boolean;
    nonlinearity?: "tanh" | "relu";
    proj_size?: number;
  };
  readonly state_given: boolean;
  readonly lengths: readonly number[] | null;
}

const folder = fileURLToPath(new URL("../fixtures/torch/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as { cases: readonly Case[] };

const io = { out: () => undefined, err: () => undefined, interactive: false, cwd: folder, env: {} };
/** Bounds derived for each case, its results by PyTorch's names. */
const boundsOf = new Map(
  (await readManifest(io, "manifest.json", () => true)).flatMap((entry) =>
    entry.cases.map(({ name, bounds }) => [name, bounds] as const),
  ),
);

/** Holds a result, or that of one step, within its bound. */
function expectClose(
  got: HostTensor,
  name: string,
  one: Case,
  tensors: Readonly<Record<string, NamedTensor>>,
  step?: number,
): void {
  const part = ({ shape, data }: Pick<NamedTensor, "shape" | "data">): Float64Tensor => {
    const all = data as Float64Array;
    if (step === undefined) return { shape, data: all };
    const size = got.data.length;
    return { shape: shape.slice(1), data: all.subarray(step * size, (step + 1) * size) };
  };
  const bound = boundsOf.get(one.name)![name]!;
  expect(compareWithBound(got, part(tensors[`f64.${name}`]!), part(bound)).errorOverBound, name).toBeLessThan(
    1,
  );
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const slice = (all: HostTensor<"float32">, index: number): HostTensor<"float32"> => {
  const [, ...shape] = all.shape;
  const size = sizeOf(shape);
  return { dtype: "float32", shape, data: all.data.subarray(index * size, (index + 1) * size) };
};

const optionsOf = ({ args }: Case): object => {
  const {
    num_layers: numLayers,
    bias,
    batch_first: batchFirst,
    dropout,
    bidirectional,
    nonlinearity,
    proj_size: projSize,
  } = args;
  return {
    numLayers,
    bias,
    batchFirst,
    dropout,
    bidirectional,
    ...(nonlinearity && { nonlinearity }),
    ...(projSize !== undefined && { projSize }),
  };
};

describe("PyTorch's recorded modules", () => {
  const engine = builtin();
  for (const one of cases.filter((c) => c.type === "module")) {
    it(one.name, async () => {
      const { tensors } = readSafetensors(readFileSync(folder + one.file));
      const { input_size: inputSize, hidden_size: hiddenSize } = one.args;
      const load = (name: string): HostTensor<"float32"> => toFloat32(tensors[name]!);
      const parameters = Object.fromEntries(
        Object.entries(tensors).filter(([name]) => /^(weight|bias)_/.test(name)),
      );
      const input = one.lengths
        ? packPaddedSequence(load("input"), one.lengths, {
            batchFirst: one.args.batch_first,
            enforceSorted: false,
          })
        : load("input");
      const total = load("input").shape[one.args.batch_first ? 1 : 0]!;
      let output: unknown,
        h: HostTensor,
        c: HostTensor | null = null;
      if (one.module === "torch.nn.LSTM") {
        const lstm = new nn.LSTM(inputSize, hiddenSize, optionsOf(one)).to(engine);
        lstm.loadStateDict(parameters);
        [output, [h, c]] = one.state_given
          ? await lstm.run(input, [load("h0"), load("c0")])
          : await lstm.run(input);
        expectBits(lstm.stateDict(), parameters);
      } else {
        const module = (
          one.module === "torch.nn.GRU"
            ? new nn.GRU(inputSize, hiddenSize, optionsOf(one))
            : new nn.RNN(inputSize, hiddenSize, optionsOf(one))
        ).to(engine);
        module.loadStateDict(parameters);
        [output, h] = one.state_given ? await module.run(input, load("h0")) : await module.run(input);
        expectBits(module.stateDict(), parameters);
      }
      const padded = one.lengths
        ? padPackedSequence(output as never, { batchFirst: one.args.batch_first, totalLength: total })[0]
        : (output as HostTensor);
      expectClose(padded, "output", one, tensors);
      expectClose(h, "h_n", one, tensors);
      if (c) expectClose(c, "c_n", one, tensors);
    });
  }

  for (const one of cases.filter((c) => c.type === "cell")) {
    it(one.name, async () => {
      const { tensors } = readSafetensors(readFileSync(folder + one.file));
      const load = (name: string): HostTensor<"float32"> => toFloat32(tensors[name]!);
      const { input_size: inputSize, hidden_size: hiddenSize, bias, nonlinearity } = one.args;
      const parameters = Object.fromEntries(
        Object.entries(tensors).filter(([name]) => /^(weight|bias)_/.test(name)),
      );
      const x = load("input");
      const zeros = (): HostTensor<"float32"> => ({
        dtype: "float32",
        shape: [...x.shape.slice(1, -1), hiddenSize],
        data: new Float32Array(sizeOf([...x.shape.slice(1, -1), hiddenSize])),
      });
      let h = one.state_given ? load("h0") : zeros();
      const check = (step: number): void => expectClose(h, "output", one, tensors, step);
      if (one.module === "torch.nn.LSTMCell") {
        const cell = new nn.LSTMCell(inputSize, hiddenSize, { bias });
        cell.loadStateDict(parameters);
        let c = one.state_given ? load("c0") : zeros();
        for (let t = 0; t < x.shape[0]!; t++) {
          [h, c] = await cell.run(slice(x, t), [h, c]);
          check(t);
        }
        expectClose(c, "c_n", one, tensors);
      } else {
        const cell =
          one.module === "torch.nn.GRUCell"
            ? new nn.GRUCell(inputSize, hiddenSize, { bias })
            : new nn.RNNCell(inputSize, hiddenSize, { bias, ...(nonlinearity && { nonlinearity }) });
        cell.loadStateDict(parameters);
        for (let t = 0; t < x.shape[0]!; t++) {
          h = t === 0 && !one.state_given ? await cell.run(slice(x, t)) : await cell.run(slice(x, t), h);
          check(t);
        }
      }
    });
  }

  it("are 68", () => {
    expect(cases).toHaveLength(68);
    expect(isUnrollError(new Error("plain"))).toBe(false);
  });
});

function expectBits(
  got: Readonly<Record<string, HostTensor>>,
  want: Readonly<Record<string, NamedTensor>>,
): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(want).sort());
  for (const [name, one] of Object.entries(want))
    expect(new Uint8Array(got[name]!.data.buffer as ArrayBuffer)).toEqual(
      new Uint8Array(one.data.buffer as ArrayBuffer),
    );
}
