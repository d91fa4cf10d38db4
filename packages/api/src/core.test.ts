import { describe, expect, it } from "vitest";
import * as whole from "./index.js";
import {
  denseDefinition,
  gruCell,
  input,
  kit,
  lstmCell,
  lstmDefinition,
  recurrent,
  recurrentDefinition,
  tensor,
} from "./core.js";

const parts = {
  name: "small",
  inputs: [input({ name: "x", shape: [2] })],
  layers: [recurrent({ name: "lstm", input: "x", cell: lstmCell({ inputSize: 2, units: 3 }) })],
} as const;

describe("a kit", () => {
  const { compile, spec, specWeights, validateSpec } = kit({
    layers: [recurrentDefinition, denseDefinition],
    cells: [lstmDefinition],
  });

  it("makes the same specs, weights and numbers as the whole library", async () => {
    const small = spec(parts);
    expect(small).toEqual(whole.spec(parts));
    expect(specWeights(small)).toEqual(whole.specWeights(small));
    const weights = Object.fromEntries(
      specWeights(small).map(({ name, shape }) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return [
          name,
          tensor(
            Float32Array.from({ length: size }, (_, k) => Math.sin(k)),
            shape,
          ),
        ];
      }),
    );
    const x = tensor([
      [
        [0.5, -1],
        [0.25, 2],
      ],
    ]);
    const [own, other] = await Promise.all(
      [compile, whole.compile].map(async (make) => {
        const model = await make(small, { adapter: whole.builtin(), weights });
        return (await model.sequence(x)).output;
      }),
    );
    expect(own).toEqual(other);
  });

  it("refuses layers and cells that it does not have", () => {
    const gru = recurrent({ name: "gru", input: "x", cell: gruCell({ inputSize: 2, units: 3 }) });
    expect(() => spec({ ...parts, layers: [gru] })).toThrow(
      'spec .layers[0].cell.kind: expected one of lstm, got "gru"',
    );
    const drop = { type: "dropout", name: "drop", input: "x", rate: 0.5 };
    expect(() => validateSpec({ ...spec(parts), layers: [drop] })).toThrow(
      'spec .layers[0].type: expected one of recurrent, dense, got "dropout"',
    );
  });
});
