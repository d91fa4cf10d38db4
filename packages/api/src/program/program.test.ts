import { describe, expect, it } from "vitest";
import { type CompositeClaim, CONTRACT } from "../contract/capabilities.js";
import { activate, activationNames } from "../layers/activations.js";
import { lstm, lstmStep } from "../layers/lstm.js";
import { softmax } from "../layers/softmax.js";
import { isUnrollError } from "../contract/error.js";
import { ProgramBuilder } from "./program-builder.js";
import { programFromJson, programHash, programToJson } from "./json.js";
import { legalize } from "./legalize.js";
import { primitiveNames } from "./primitives.js";
import { print } from "./print.js";
import type { CompositeNode, Node, Program, Region } from "../contract/program.js";
import { verify } from "./verify.js";

const attrs = {
  reverse: false,
  maskedOutput: "hold",
  heldStart: "zeros",
  activation: "tanh",
  recurrentActivation: "hardSigmoidFifth",
  outputActivation: "tanh",
} as const;

function sample(name = "sample"): Program {
  const builder = new ProgramBuilder(name);
  const b = builder.block;
  const weights = {
    kernel: builder.param("kernel", [3, 8]),
    recurrentKernel: builder.param("recurrentKernel", [2, 8]),
    inputBias: builder.param("bias", [8]),
  };
  const x = builder.input("x", { dtype: "float32", shape: ["time", "batch", 3] });
  const lengths = builder.input("lengths", { dtype: "int32", shape: ["batch"] });
  const state = {
    h: builder.input("h", { dtype: "float32", shape: ["batch", 2] }),
    c: builder.input("c", { dtype: "float32", shape: ["batch", 2] }),
  };
  const { y, h, c } = lstm(b, x, state, weights, { lengths }, attrs);
  builder.output("y", softmax(b, y));
  builder.output("h", h);
  builder.output("c", c);
  return builder.finish();
}

function kinds(region: Pick<Region, "nodes">): string[] {
  return region.nodes.flatMap((node: Node) => [
    node.kind === "composite" ? `@${node.op}` : node.kind,
    ...(node.kind === "scan" ? kinds(node.body) : []),
  ]);
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (isUnrollError(error)) return error.code;
    throw error;
  }
  return "none";
};

describe("program", () => {
  it("keeps batch and time symbolic through an LSTM", () => {
    const program = sample();
    expect(program.outputs.map((o) => o.type.shape)).toEqual([
      ["time", "batch", 2],
      ["batch", 2],
      ["batch", 2],
    ]);
    expect(() => verify(program)).not.toThrow();
  });

  it("refuses shapes where they are made", () => {
    const b = new ProgramBuilder("wrong").block;
    const x = b.input({ dtype: "float32", shape: ["batch", 3] });
    expect(() => b.matmul(x, b.input({ dtype: "float32", shape: [4, 2] }))).toThrow(
      'program "wrong" matmul: expected [..., m, k] and [..., k, n], got float32 [batch, 3] and float32 ' +
        "[4, 2]; the inner axes must agree",
    );
    expect(codeOf(() => b.add(x, b.input({ dtype: "float32", shape: ["time", 3] })))).toBe("UNROLL_SHAPE");
    expect(codeOf(() => b.gather(x, x))).toBe("UNROLL_DTYPE");
    expect(codeOf(() => b.add(x, new ProgramBuilder("other").block.input(x.type)))).toBe("UNROLL_PROGRAM");
  });

  it("expands every composite that is not claimed, scan bodies included", () => {
    const program = sample();
    expect(kinds(program).filter((kind) => kind.startsWith("@"))).toEqual(["@lstm", "@softmax"]);
    const expanded = legalize(program, {
      name: "none",
      capabilities: {
        contract: CONTRACT,
        primitives: primitiveNames,
        composites: {},
        precision: "f32",
        synchronous: true,
        memory: "host",
      },
    });
    expect(kinds(expanded).filter((kind) => kind.startsWith("@"))).toEqual([]);
    expect(kinds(expanded)).toContain("scan");
    expect(() => verify(expanded)).not.toThrow();
  });

  it("expands composites inside composites, where one's result is the other's", () => {
    const builder = new ProgramBuilder("nested");
    const weights = {
      kernel: builder.param("kernel", [3, 8]),
      recurrentKernel: builder.param("recurrentKernel", [2, 8]),
    };
    const state = {
      h: builder.input("h", { dtype: "float32", shape: ["batch", 2] }),
      c: builder.input("c", { dtype: "float32", shape: ["batch", 2] }),
    };
    const { h, c } = lstmStep(
      builder.block,
      builder.input("x", { dtype: "float32", shape: ["batch", 3] }),
      state,
      weights,
      { ...attrs, outputActivation: "relu" },
    );
    const wrapped = builder.block.composite("wrapped", { h }, {}, (b, v) => ({
      y: activate(b, "relu", v["h"]!),
    }));
    builder.output("y", wrapped.y);
    builder.output("c", c);
    const expanded = legalize(builder.finish(), {
      name: "none",
      capabilities: {
        contract: CONTRACT,
        primitives: primitiveNames,
        composites: {},
        precision: "f32",
        synchronous: true,
        memory: "host",
      },
    });
    expect(kinds(expanded).filter((kind) => kind.startsWith("@"))).toEqual([]);
    expect(() => verify(expanded)).not.toThrow();
  });

  describe("a claim", () => {
    const whole: CompositeClaim = {
      inputs: {
        ...{ x: "float32", h: "float32", c: "float32", kernel: "float32", recurrentKernel: "float32" },
        ...{ inputBias: "float32", recurrentBias: "float32", lengths: "int32" },
      },
      attrs: {
        reverse: [true, false],
        maskedOutput: ["zero", "hold"],
        heldStart: ["zeros", "initialState"],
        activation: activationNames,
        recurrentActivation: activationNames,
        outputActivation: activationNames,
      },
    };
    const kept = (change: Partial<CompositeClaim>, program = sample()): boolean =>
      kinds(
        legalize(program, {
          name: "some",
          capabilities: {
            contract: CONTRACT,
            primitives: primitiveNames,
            composites: { lstm: { ...whole, ...change } },
            precision: "f32",
            synchronous: true,
            memory: "host",
          },
        }),
      ).includes("@lstm");
    const without = <T>(all: Readonly<Record<string, T>>, name: string): Record<string, T> =>
      Object.fromEntries(Object.entries(all).filter(([key]) => key !== name));

    it("keeps what it lists in full", () => {
      expect(kept({})).toBe(true);
    });
    it("does not keep a node with an input, an attribute or a value that it does not list", () => {
      for (const name of ["x", "lengths", "inputBias"])
        expect(kept({ inputs: without(whole.inputs, name) })).toBe(false);
      for (const name of Object.keys(whole.attrs!))
        expect(kept({ attrs: without(whole.attrs!, name) })).toBe(false);
      expect(kept({ attrs: { ...whole.attrs, recurrentActivation: ["sigmoid"] } })).toBe(false);
      expect(kept({ attrs: { ...whole.attrs, activation: "any" } })).toBe(false);
      expect(kept({ inputs: { ...whole.inputs, lengths: "float32" } })).toBe(false);
    });
    it("does not keep a node that has grown since it was made", () => {
      const grown = (change: (node: CompositeNode) => CompositeNode): Program => {
        const program = sample();
        return {
          ...program,
          nodes: program.nodes.map((node) =>
            node.kind === "composite" && node.op === "lstm" ? change(node) : node,
          ),
        };
      };
      const extra = { id: "extra", type: { dtype: "float32", shape: [] } } as const;
      const clip = grown((node) => ({
        ...node,
        inputNames: [...node.inputNames, "clip"],
        inputs: [...node.inputs, node.inputs[0]!],
        body: { ...node.body, inputs: [...node.body.inputs, extra] },
      }));
      expect(kept({}, clip)).toBe(false);
      expect(
        kept(
          {},
          grown((node) => ({ ...node, attrs: { ...node.attrs, clipAt: 3 } })),
        ),
      ).toBe(false);
      expect(
        kept(
          { attrs: { ...whole.attrs, clipAt: "any" } },
          grown((node) => ({ ...node, attrs: { ...node.attrs, clipAt: 3 } })),
        ),
      ).toBe(true);
    });
    it("keeps a node whose weights are known where it asks for that", () => {
      expect(kept({ weights: ["kernel", "recurrentKernel"] })).toBe(true);
      expect(kept({ weights: ["x"] })).toBe(false);
    });
  });

  it("leaves what is legal already as it is, and gives no id twice", () => {
    const engine = (composites: Readonly<Record<string, CompositeClaim>>) => ({
      name: "some",
      capabilities: {
        contract: CONTRACT,
        primitives: primitiveNames,
        composites,
        precision: "f32",
        synchronous: true,
        memory: "host",
      } as const,
    });
    const softmaxOnly = legalize(sample(), engine({ softmax: { inputs: { x: "float32" } } }));
    expect(legalize(softmaxOnly, engine({ softmax: { inputs: { x: "float32" } } }))).toEqual(softmaxOnly);
    const twice = legalize(softmaxOnly, engine({}));
    expect(() => verify(twice)).not.toThrow();
    expect(kinds(twice).filter((kind) => kind.startsWith("@"))).toEqual([]);
    expect(legalize(twice, engine({}))).toEqual(twice);
  });

  it("refuses an adapter of another version of the contract, in one error", () => {
    const old = {
      name: "theirs",
      capabilities: {
        primitives: primitiveNames,
        composites: { lstm: { without: ["mask"] } },
        precision: "f32",
        synchronous: false,
        memory: "host",
      },
    } as unknown as Parameters<typeof legalize>[1];
    expect(() => legalize(sample(), old)).toThrow(
      'adapter "theirs": expected capabilities of contract 2, got none that say a contract, as those of ' +
        "contract 1; " +
        "install a release of the adapter for this version, or bring it up to date by docs/upgrading.md",
    );
  });

  it("refuses a primitive that the adapter does not claim", () => {
    const capabilities = {
      contract: CONTRACT,
      primitives: primitiveNames.filter((name) => name !== "iota"),
      composites: {},
      precision: "f32",
      synchronous: true,
      memory: "host",
    } as const;
    expect(() => legalize(sample(), { name: "poor", capabilities })).toThrow(
      'adapter "poor": expected only primitives it claims, got "iota" in program "sample"',
    );
  });

  it("refuses values of more axes than the adapter has, also within a loop", () => {
    const capabilities = {
      contract: CONTRACT,
      primitives: primitiveNames,
      composites: {},
      precision: "f32",
      mostAxes: 2,
      synchronous: true,
      memory: "host",
    } as const;
    const flat = new ProgramBuilder("flat");
    const rows = flat.input("rows", { dtype: "float32", shape: ["batch", 3] });
    flat.output("y", flat.block.tanh(rows));
    const program = flat.finish();
    expect(legalize(program, { name: "flat", capabilities })).toEqual(program);
    const deep = new ProgramBuilder("deep");
    const steps = deep.input("steps", { dtype: "float32", shape: ["time", "batch"] });
    const { stacked } = deep.block.scan({ carries: [], sequences: [steps] }, (inner, _carries, [step]) => {
      const wide = inner.expandDims(inner.expandDims(step!, 1), 2);
      return { carries: [], stacked: [inner.squeeze(inner.squeeze(wide, 2), 1)] };
    });
    deep.output("y", stacked[0]!);
    expect(() => legalize(deep.finish(), { name: "flat", capabilities })).toThrow(
      'adapter "flat": expected values of at most 2 axes, got "expandDims" of 3 in program "deep"',
    );
  });

  it("survives JSON and keeps its hash", () => {
    const program = sample();
    const again = programFromJson(programToJson(program));
    expect(again).toEqual(program);
    expect(programHash(again)).toBe(programHash(program));
    expect(programHash(sample("renamed"))).toBe(programHash(program));
    expect(programHash({ ...program, outputs: program.outputs.slice(1) })).not.toBe(programHash(program));
  });

  it("writes constants that JSON has no word for", () => {
    const builder = new ProgramBuilder("odd");
    builder.output("y", builder.block.constant([NaN, Infinity, -Infinity, -0, 1], [5]));
    const node = programFromJson(programToJson(builder.finish())).nodes[0]!;
    expect(node.kind === "primitive" && node.attrs["value"]).toEqual([NaN, Infinity, -Infinity, -0, 1]);
  });

  it("refuses JSON that was tampered with", () => {
    const text = programToJson(sample());
    expect(codeOf(() => programFromJson(text.replace('"kernel"', '"bias"')))).toBe("UNROLL_PROGRAM");
    expect(codeOf(() => programFromJson(text.replace('"op":"matmul"', '"op":"matmull"')))).toBe(
      "UNROLL_PROGRAM",
    );
    expect(codeOf(() => programFromJson(text.replace("unroll.program", "other")))).toBe("UNROLL_FORMAT");
  });

  it("prints one line a node", () => {
    const lstm = [
      "  v7: float32[time, batch, 2], v8: float32[batch, 2], v9: float32[batch, 2]",
      " = @lstm(x=v3, h=v5, c=v6, kernel=v0, recurrentKernel=v1, inputBias=v2, lengths=v4)",
      ' {reverse: false, maskedOutput: "hold", heldStart: "zeros", activation: "tanh",',
      ' recurrentActivation: "hardSigmoidFifth", outputActivation: "tanh"}',
    ];
    expect(print(sample()).split("\n")).toEqual([
      'program "sample"',
      '  param "kernel" v0: float32[3, 8]',
      '  param "recurrentKernel" v1: float32[2, 8]',
      '  param "bias" v2: float32[8]',
      '  input "x" v3: float32[time, batch, 3]',
      '  input "lengths" v4: int32[batch]',
      '  input "h" v5: float32[batch, 2]',
      '  input "c" v6: float32[batch, 2]',
      lstm.join(""),
      "  v10: float32[time, batch, 2] = @softmax(x=v7)",
      '  output "y" v10: float32[time, batch, 2]',
      '  output "h" v8: float32[batch, 2]',
      '  output "c" v9: float32[batch, 2]',
    ]);
  });
});
