import {
  type Activation,
  activationNames,
  type Adapter,
  type HostTensor,
  legalize,
  type Program,
  tensor,
} from "@unroll/api/adapter";
import {
  bidirectional,
  type CellSpec,
  gruCell,
  input,
  lower,
  lstmCell,
  recurrent,
  simpleRnnCell,
  spec,
  type Spec,
  specWeights,
} from "@unroll/api";
import { compareWithBound } from "@unroll/conformance";
import * as ortNode from "onnxruntime-node";
import * as ortWeb from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { deriveProgramBounds } from "../../../conformance/src/properties/hold-program.js";
import { fast } from "../../../conformance/test/settings.js";
import { modelOf, onnx } from "../src/index.js";

ortWeb.env.wasm.numThreads = 1;
const runtimes = [
  ["onnxruntime-web", ortWeb, "wasm"],
  ["onnxruntime-node", ortNode, "cpu"],
] as const;

const cells = {
  lstm: (activation: Activation, recurrentActivation: Activation): CellSpec =>
    lstmCell({ inputSize: 3, units: 4, activation, recurrentActivation, outputActivation: activation }),
  gru: (activation: Activation, recurrentActivation: Activation): CellSpec =>
    gruCell({ inputSize: 3, units: 4, activation, recurrentActivation }),
  simpleRnn: (activation: Activation): CellSpec =>
    simpleRnnCell({ inputSize: 3, units: 4, activation: activation as "tanh" }),
};
const kinds = Object.keys(cells) as (keyof typeof cells)[];

/** A program of a spec, with seeded weights up to `scale` and inputs up to `size`. */
function ready(
  of: Spec,
  scale: number,
  size: number,
): { program: Program; weights: Record<string, HostTensor>; feeds: Record<string, HostTensor> } {
  const filled = (shape: readonly number[], value: (k: number) => number): HostTensor =>
    tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => value(k)),
      shape,
    );
  const program = lower(of, { mode: "sequence" });
  const sizes: Record<string, number> = { batch: 2, time: 3 };
  return {
    program,
    weights: Object.fromEntries(
      specWeights(of).map(({ name, shape }, n) => [name, filled(shape, (k) => scale * Math.cos(3 * k + n))]),
    ),
    feeds: Object.fromEntries(
      program.inputs.map(({ name, type }) => [
        name,
        filled(
          type.shape.map((dim) => (typeof dim === "string" ? sizes[dim]! : dim)),
          (k) => (name === "x" ? size : 0.5) * Math.sin(1.7 * k),
        ),
      ]),
    ),
  };
}

/** Largest error over its bound, of all that the program gives. */
async function worst(adapter: Adapter, given: ReturnType<typeof ready>): Promise<number> {
  const { program, weights, feeds } = given;
  const { exact, bounds } = deriveProgramBounds(given, adapter.capabilities.precision);
  const executable = await adapter.compile(legalize(program, adapter), weights);
  const results = await executable.run(feeds);
  let ratio = 0;
  for (const { name } of program.outputs)
    ratio = Math.max(
      ratio,
      compareWithBound(await results[name]!.read(), exact[name]!, bounds[name]!).errorOverBound,
    );
  executable.dispose();
  return ratio;
}

describe.each(runtimes)("fused operators on %s", (_name, ort, device) => {
  // Alphas and betas of one node are lists without gaps, so that each activation shifts those behind it.
  it.each(kinds)("a bidirectional %s with other activations each way", async (kind) => {
    for (const [k, one] of activationNames.entries())
      // The fast lane takes two partners of each.
      for (const other of fast
        ? [one, activationNames[(k + 1) % activationNames.length]!]
        : activationNames) {
        const layer = bidirectional({
          name: "a",
          input: "x",
          forward: cells[kind](one, other),
          backward: cells[kind](other, one),
        });
        const made = ready(
          spec({ name: "bi", inputs: [input({ name: "x", shape: [3] })], layers: [layer] }),
          0.25,
          1,
        );
        expect(await worst(onnx(ort, { device }), made), `${one} and ${other}`).toBeLessThan(1);
      }
  });

  it.each(kinds)("softplus of large values in a %s is finite", async (kind) => {
    for (const large of ["activation", "recurrentActivation"] as const) {
      const cell = cells[kind](
        large === "activation" || kind === "simpleRnn" ? "softplus" : "tanh",
        large === "activation" ? "sigmoid" : "softplus",
      );
      const made = ready(
        spec({
          name: "large",
          inputs: [input({ name: "x", shape: [3] })],
          layers: [recurrent({ name: "a", input: "x", cell })],
        }),
        1,
        200,
      );
      // An infinity that should be a number is past any bound.
      expect(await worst(onnx(ort, { device }), made)).toBeLessThan(1);
    }
  });
});

it.each(kinds)("a %s is one operator with every activation but softplus", (kind) => {
  for (const activation of activationNames) {
    const { program, weights } = ready(
      spec({
        name: "one",
        inputs: [input({ name: "x", shape: [3] })],
        layers: [recurrent({ name: "a", input: "x", cell: cells[kind](activation, "sigmoid") })],
      }),
      1,
      1,
    );
    const { nodeCounts } = modelOf(legalize(program, onnx(ortNode)), weights);
    expect(nodeCounts["Scan"] ?? 0, activation).toBe(activation === "softplus" ? 1 : 0);
  }
});
