import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import type { CustomCellSpec } from "../layers/custom.js";
import { layers, sequential } from "./index.js";

// A file of its own, in which no builder makes a custom cell, nor anything else that joins values:
// what builders made, facades know.
it("a cell that comes as JSON runs in a layer of Keras's", async () => {
  const file = new URL("../../../../fixtures/cells/hidden_markov_spec.json", import.meta.url);
  const cell = JSON.parse(readFileSync(file, "utf8")) as CustomCellSpec;
  const net = sequential([layers.rnn({ cell, inputShape: [null, 3] })]);
  net.setWeights(
    net.weightSpecs.map(({ shape }) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)),
  );
  const { shape } = (await net.predict(tensor(new Float32Array(12), [2, 2, 3]))) as HostTensor;
  expect(shape).toEqual([2, 4]);
  net.dispose();
});
