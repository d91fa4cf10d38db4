import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import type { Program } from "../contract/program.js";
import { convolutionComposite } from "../layers/convolution.js";
import { legalize } from "../program/legalize.js";
import { prepareSync } from "../program/prepare.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { builtin } from "./index.js";

interface Given {
  readonly time: number;
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly bias: boolean;
}

const usual: Given = {
  ...{ time: 11, batch: 3, channels: 5, filters: 7 },
  ...{ size: 3, stride: 1, dilation: 1, bias: true },
};

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const numbers = (shape: readonly number[], n: number): HostTensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, k) => Math.sin(3 * k + n)),
    shape,
  );

/** @param known whether the kernel is a weight, or fed */
function programOf(given: Given, known: boolean): Program {
  const { channels, filters, size, stride, dilation, bias } = given;
  const p = new ProgramBuilder("convolution");
  const x = p.input("x", { dtype: "float32", shape: ["time", "batch", channels] });
  const shape = [size, channels, filters];
  const kernel = known ? p.param("kernel", shape) : p.input("kernel", { dtype: "float32", shape });
  const weights = { kernel, ...(bias && { bias: p.param("bias", [filters]) }) };
  p.output("y", convolutionComposite(p.block, x, weights, { stride, dilation }));
  return p.finish();
}

const valuesOf = ({ time, batch, channels, filters, size }: Given) => ({
  x: numbers([time, batch, channels], 0),
  kernel: numbers([size, channels, filters], 1),
  bias: numbers([filters], 2),
});

/** The rule in float64. */
function wanted(given: Given): number[] {
  const { time, batch, channels, filters, size, stride, dilation } = given;
  const { x, kernel, bias } = valuesOf(given);
  const windows = Math.floor((time - (size - 1) * dilation - 1) / stride) + 1;
  const y: number[] = [];
  for (let w = 0; w < windows; w++)
    for (let b = 0; b < batch; b++)
      for (let f = 0; f < filters; f++) {
        let sum = given.bias ? bias.data[f]! : 0;
        for (let k = 0; k < size; k++)
          for (let c = 0; c < channels; c++)
            sum +=
              x.data[((w * stride + k * dilation) * batch + b) * channels + c]! *
              kernel.data[(k * channels + c) * filters + f]!;
        y.push(sum);
      }
  return y;
}

const givens: Readonly<Record<string, Partial<Given>>> = {
  "of few channels": {},
  "of one channel": { channels: 1 },
  "of one channel, with gaps": { channels: 1, dilation: 2 },
  "without a bias": { bias: false },
  "of one sequence": { batch: 1 },
  "of one sequence, with a stride and gaps": { batch: 1, stride: 3, dilation: 2 },
  "of many channels": { channels: 40, filters: 33 },
  "of many channels, with a stride": { channels: 40, stride: 2 },
  "of few channels, with a stride": { stride: 2 },
  "of many channels, with gaps and a stride": { channels: 40, dilation: 3, stride: 2 },
  "of few channels, with gaps": { dilation: 4 },
  "of one channel and one filter": { channels: 1, filters: 1, size: 4, stride: 3 },
  "of a single step": { size: 1, stride: 2 },
  "of a window as long as there is": { size: 11, batch: 2 },
  "of a stride longer than the windows": { size: 2, stride: 4 },
};

describe.each([
  ["SIMD", builtin({ simd: true })],
  ["loops", builtin({ simd: false })],
])("convolution by %s", (_name, adapter) => {
  it.each(
    Object.entries(givens).flatMap(([name, more]) => [true, false].map((known) => ({ name, more, known }))),
  )("$name, its kernel a weight: $known", async ({ more, known }) => {
    const given = { ...usual, ...more };
    const program = programOf(given, known);
    expect(legalize(program, adapter).nodes.map(({ kind }) => kind)).toEqual(["composite"]);
    const { x, kernel, bias } = valuesOf(given);
    const weights = Object.fromEntries(
      program.params.map(({ name }) => [name, { kernel, bias }[name as "kernel" | "bias"]]),
    );
    const executable = prepareSync(adapter, program, weights);
    const feeds = { x, ...(known ? {} : { kernel }) };
    const { y } = await executable.run(feeds);
    // Other sizes between two runs: what one leaves in its memory is none of the next one's business.
    const longer = { ...given, time: given.time + 5, batch: given.batch + 1 };
    const other = await executable.run({ ...feeds, x: valuesOf(longer).x });
    const again = await executable.run(feeds);
    for (const [result, of] of [
      [y!, given],
      [other["y"]!, longer],
    ] as const) {
      const want = wanted(of);
      const { data } = result.readSync!();
      expect(data).toHaveLength(want.length);
      want.forEach((one, k) => expect(data[k], `element ${k}`).toBeCloseTo(one, 5));
    }
    expect(again["y"]!.readSync!().data).toEqual(y!.readSync!().data);
  });

  it("is the same bits for a row alone and among others, where its channels are many", async () => {
    const given = { ...usual, channels: 40 };
    const executable = prepareSync(adapter, programOf(given, true), valuesOf(given));
    const { x } = valuesOf(given);
    const { data } = (await executable.run({ x }))["y"]!.readSync!();
    const { time, batch, channels, filters } = given;
    for (let b = 0; b < batch; b++) {
      const row = tensor(
        Float32Array.from(
          { length: time * channels },
          (_, k) => x.data[(Math.floor(k / channels) * batch + b) * channels + (k % channels)]!,
        ),
        [time, 1, channels],
      );
      const alone = (await executable.run({ x: row }))["y"]!.readSync!().data;
      alone.forEach((value, k) => {
        const among = data[(Math.floor(k / filters) * batch + b) * filters + (k % filters)]!;
        // Loops sum in double precision, and store a sum after each element of a window or after all of it.
        if (adapter.device === "wasm") expect(value).toBe(among);
        else expect(value).toBeCloseTo(among, 5);
      });
    }
  });
});
