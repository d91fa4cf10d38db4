import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { customDefinition, customSteps, kit, recurrentDefinition } from "../core.js";
import { activate } from "../layers/activations.js";
import { customCell } from "../specification/custom-cell.js";
import { bidirectional, input, recurrent, spec } from "../specification/build.js";
import type { Spec } from "../specification/types.js";
import { compile } from "./compile.js";

const cell = customCell({
  name: "mine",
  inputSize: 2,
  state: { h: 2 },
  weights: {},
  step: (b, { x, state }) => ({ state: { h: activate(b, "relu", b.add(x, state.h)) } }),
});
const inputs = [input({ name: "x", shape: [2] })];
const alone = spec({ name: "s", inputs, layers: [recurrent({ name: "r", input: "x", cell })] });
const both = spec({ name: "s", inputs, layers: [bidirectional({ name: "b", input: "x", forward: cell })] });

/** The same text with another activation in the place of the name: its body stays that of relu. */
const mistaken = (of: Spec, name: string): Spec =>
  JSON.parse(JSON.stringify(of).replaceAll('"op":"relu"', `"op":"${name}"`)) as Spec;

describe("a step of a custom cell that comes as JSON", () => {
  const options = { adapter: builtin(), weights: {} };

  it("runs where its composites compute what they say", async () => {
    const model = await compile(JSON.parse(JSON.stringify(alone)) as Spec, options);
    expect([...(await model.sequence([[[1, -2]]])).output.data]).toEqual([1, 0]);
  });

  it.each([
    ["a recurrent layer", alone],
    ["either half of a bidirectional one", both],
  ])("is refused in %s where a body is not what the name says", async (_, of) => {
    await expect(compile(mistaken(of, "elu"), options)).rejects.toMatchObject({
      code: "UNROLL_PROGRAM",
      message: expect.stringContaining('program "mine" node 1 elu: expected') as string,
    });
  });

  it("passes under a name that no engine has an operation for, and runs by its body", async () => {
    const model = await compile(mistaken(alone, "unheardOf"), options);
    expect([...(await model.sequence([[[1, -2]]])).output.data]).toEqual([1, 0]);
  });

  it("is checked by a kit that has the part", async () => {
    const parts = { layers: [recurrentDefinition], cells: [customDefinition] };
    await expect(
      kit({ ...parts, customSteps }).compile(mistaken(alone, "elu"), options),
    ).rejects.toMatchObject({ code: "UNROLL_PROGRAM" });
  });
});
