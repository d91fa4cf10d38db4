import { activationNames, builtin } from "@unroll/api";
import { describe, expect, it } from "vitest";
import { fast } from "./settings.js";
import { expanded, faults, supportOf } from "../src/index.js";

describe("supportOf", () => {
  it.skipIf(fast)("has every layer and option, whole and by steps, and runs each", async () => {
    const entries = await supportOf(builtin());
    expect(
      entries.filter(
        ({ how, layer, option }) =>
          how !==
          (["custom cell", "conditional random field"].includes(layer) ||
          (/attention$/.test(layer) && /additive|concat|^the mean/.test(option)) ||
          (/normalisation$/.test(layer) && !layer.startsWith("group")) ||
          ["projection", "peepholes", "clipped cell state"].includes(option)
            ? "composed"
            : "own"),
      ),
    ).toEqual([]);
    expect([...new Set(entries.map(({ layer }) => layer))]).toEqual([
      "simple RNN",
      "LSTM",
      "GRU, reset after",
      "GRU, reset before",
      "custom cell",
      "embedding",
      "dense",
      "activation",
      "layer normalisation",
      "attention",
      "convolution",
      "pool",
      "positional encoding",
      "positional embedding",
      "multi-head attention",
      "conditional random field",
      "repeat",
      "merge",
      "batch normalisation",
      "RMS normalisation",
      "group normalisation",
      "reshape",
      "permute",
      "slice",
      "pad",
      "tile",
      "stack",
      "reduce",
      "reduce over time",
      "one step",
      "one-hot",
      "features as steps",
      "padding over time",
      "cropping over time",
      "upsampling over time",
      "joining over time",
      "transposed convolution",
    ]);
    for (const name of activationNames)
      expect(entries).toContainEqual({
        layer: "LSTM",
        option: name === "tanh" ? "as it is" : `activation ${name}`,
        mode: "step",
        how: "own",
      });
    expect(
      entries.filter(
        ({ option, mode }) => /backward|bidirectional|lengths|mask/.test(option) && mode === "step",
      ),
    ).toEqual([]);
  });

  it.skipIf(fast)("tells what is composed, refused and wrong", async () => {
    const lstm = (entries: Awaited<ReturnType<typeof supportOf>>) =>
      entries.filter(({ layer }) => layer === "LSTM");
    expect(new Set(lstm(await supportOf(expanded(builtin()))).map(({ how }) => how))).toEqual(
      new Set(["composed"]),
    );

    const bare = {
      ...builtin(),
      capabilities: {
        ...builtin().capabilities,
        composites: {},
        primitives: builtin().capabilities.primitives.filter((name) => name !== "select"),
      },
    };
    expect(
      new Set(
        lstm(await supportOf(bare))
          .filter(({ how }) => how === "refused")
          .map(({ option }) => option),
      ),
    ).toEqual(
      new Set(
        lstm(await supportOf(builtin()))
          .map(({ option }) => option)
          // What ignores lengths selects nothing by them.
          .filter((option) => /length(?!.*ignored)|mask|activation (elu|leakyRelu)/.test(option)),
      ),
    );

    const swapped = faults.find(({ id }) => id === "lstm-gates-i-o")!.breakEngine!(builtin(), { count: 0 });
    const wrong = (await supportOf(swapped)).filter(({ how }) => how === "wrong");
    expect(new Set(wrong.map(({ layer }) => layer))).toEqual(new Set(["LSTM"]));
    expect(wrong[0]!.reason).toMatch(/^an element is .* times its bound off$/);
    expect((await supportOf(swapped, { run: false })).filter(({ how }) => how === "wrong")).toEqual([]);
  });
});
