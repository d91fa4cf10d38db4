import { describe, expect, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { programFromJson, programToJson } from "../program/json.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { verify } from "../program/verify.js";
import { dense, input, recurrent, repeat, simpleRnnCell, spec } from "./build.js";
import { validateSpec } from "./validate.js";

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "none";
}

const repeated = (steps: number) => ({
  name: "r",
  inputs: [input({ name: "x", axis: null, shape: [1] })],
  layers: [repeat({ name: "again", input: "x", steps })],
});

describe("a spec that asks for too much", () => {
  it("is refused by the number and the limit, before anything is allocated", () => {
    expect(messageOf(() => spec(repeated(1e9)))).toContain(
      "UNROLL_SPEC spec .layers[0].steps: expected a whole number of at most 1048576, got 1000000000",
    );
    const wide = {
      name: "w",
      inputs: [input({ name: "x", shape: [2 ** 20] })],
      layers: [dense({ name: "out", input: "x", inputSize: 2 ** 20, units: 2 ** 20 })],
    };
    expect(messageOf(() => spec(wide))).toContain(
      "UNROLL_SPEC spec .layers[0]: expected at most 536870912 elements, got [1048576, 1048576]",
    );
    const deep = { ...repeated(2), inputs: [input({ name: "x", shape: new Array<number>(40).fill(1) })] };
    expect(messageOf(() => spec(deep))).toContain(
      "UNROLL_SPEC spec .inputs[0].shape: expected a list of 0 to",
    );
  });

  it("and a name that JavaScript itself does not keep are refused", () => {
    const cell = simpleRnnCell({ inputSize: 1, units: 1 });
    const named = (name: string) => ({
      name: "n",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [recurrent({ name, input: "x", cell })],
    });
    expect(messageOf(() => spec(named("__proto__")))).toContain("and not __proto__, got");
    for (const name of ["constructor", "toString", "hasOwnProperty"])
      expect(messageOf(() => spec(named(name)))).toBe("none");
    expect(messageOf(() => spec(named("a".repeat(1e6))))).toContain("UNROLL_SPEC");
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    expect(messageOf(() => validateSpec({ ...spec(named("a")), name: circle }))).toContain("UNROLL_SPEC");
    expect(messageOf(() => validateSpec({ ...spec(named("a")), version: 1n }))).toContain("UNROLL_SPEC");
  });
});

describe("a malformed program", () => {
  it("is refused by form, by depth and as text", () => {
    const builder = new ProgramBuilder("p");
    builder.output("y", builder.block.neg(builder.input("x", { dtype: "float32", shape: ["batch"] })));
    const program = builder.finish();
    expect(messageOf(() => verify(null as never))).toContain("UNROLL_FORMAT");
    expect(messageOf(() => verify({ ...program, nodes: null } as never))).toContain("UNROLL_FORMAT");
    let node: object = program.nodes[0]!;
    for (let k = 0; k < 100_000; k++)
      node = {
        kind: "composite",
        op: "c",
        inputNames: [],
        inputs: [],
        attrs: {},
        outputNames: [],
        outputs: [],
        body: { inputs: [], nodes: [node], outputs: [] },
      };
    expect(messageOf(() => verify({ ...program, nodes: [node] } as never))).toContain("at most 32 bodies");
    expect(messageOf(() => programFromJson("{nope"))).toContain("UNROLL_FORMAT programFromJson");
    expect(messageOf(() => programFromJson(programToJson(program)))).toBe("none");
  });
});
