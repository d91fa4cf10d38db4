import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import type { Attrs, CompositeNode, Program } from "../contract/program.js";
import { activate, activationNames } from "../layers/activations.js";
import { attentionComposite } from "../layers/attention.js";
import { composites } from "../layers/composites.js";
import { convolutionComposite } from "../layers/convolution.js";
import { crfDecode, crfPartition, crfPathScore } from "../layers/crf-recursions.js";
import { gru, gruStep } from "../layers/gru.js";
import { normalised } from "../layers/layer-norm.js";
import { batchNormalised } from "../layers/batch-norm.js";
import { rmsNormalised } from "../layers/rms-norm.js";
import { lstm, lstmStep } from "../layers/lstm.js";
import { simpleRnn, simpleRnnStep } from "../layers/simple-rnn.js";
import { logSoftmax, softmax } from "../layers/softmax.js";
import type { Block, NamedValues } from "../program/builder.js";
import { programToJson } from "../program/json.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { legalize, prepare, prepareSync, programFromJson, verify } from "./outside-programs.js";

const time = { reverse: false, maskedOutput: "zero", heldStart: "zeros" } as const;
const gates = { activation: "tanh", recurrentActivation: "sigmoid" } as const;
const ofLstm = { ...gates, outputActivation: "tanh", cellClip: 2 } as const;
const ofGru = { ...gates, resetAfter: true } as const;

type Shapes = Readonly<Record<string, readonly (number | string)[]>>;

/** One node of a composite on inputs of some shapes: of float32, but lengths and masks. */
function one(shapes: Shapes, build: (b: Block, v: NamedValues) => unknown): CompositeNode {
  const { block } = new ProgramBuilder("one");
  const values: Record<string, ReturnType<Block["input"]>> = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const dtype = /[mM]ask$/.test(name) ? "bool" : /^(lengths|path)$/.test(name) ? "int32" : "float32";
    values[name] = block.input({ dtype, shape });
  }
  build(block, values);
  return block.region([]).nodes[0] as CompositeNode;
}

/** A program of nothing but a node, whose results are its outputs. */
const programOf = (node: CompositeNode): Program => ({
  format: "unroll.program",
  version: 1,
  name: "p",
  params: [],
  inputs: node.inputs.map((id, k) => ({ name: id, id, type: node.body.inputs[k]!.type })),
  nodes: [node],
  outputs: node.outputs.map(({ id, type }) => ({ name: id, id, type })),
});

const messageOf = (node: CompositeNode, use: (program: Program) => unknown = verify): string => {
  try {
    use(programOf(node));
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "passes";
};

const weights = (count: number, size = 3): Shapes => ({
  kernel: [2, count * 3],
  recurrentKernel: [size, count * 3],
  inputBias: [count * 3],
  recurrentBias: [count * 3],
});
const x = ["batch", 2];
const sequence = ["time", "batch", 2];
const h = ["batch", 3];
const lstmShapes = {
  h: ["batch", 1],
  c: h,
  ...weights(4, 1),
  peephole: [9],
  projectionKernel: [3, 1],
} as const;

const chain = { emissions: sequence, transitions: [2, 2], start: [2], end: [2] } as const;

const nodes: Readonly<Record<keyof typeof composites, () => CompositeNode>> = {
  ...(Object.fromEntries(
    activationNames.map((name) => [name, () => one({ x }, (b, v) => activate(b, name, v["x"]!))]),
  ) as Record<Exclude<(typeof activationNames)[number], "linear" | "tanh" | "sigmoid">, () => CompositeNode>),
  softmax: () => one({ x }, (b, v) => softmax(b, v["x"]!)),
  logSoftmax: () => one({ x }, (b, v) => logSoftmax(b, v["x"]!)),
  layerNorm: () =>
    one({ x, gamma: [2], beta: [2] }, (b, { x, ...v }) => normalised(b, x!, v, { epsilon: 0.1 })),
  batchNorm: () =>
    one({ x, movingMean: [2], movingVariance: [2], gamma: [2], beta: [2] }, (b, { x, ...v }) =>
      batchNormalised(b, x!, v, { epsilon: 0.1 }),
    ),
  rmsNorm: () => one({ x, gamma: [2] }, (b, { x, ...v }) => rmsNormalised(b, x!, v, { epsilon: 0.1 })),
  attention: () =>
    one(
      {
        query: sequence,
        key: ["source", "batch", 2],
        value: ["source", "batch", 2],
        keyMask: ["source", "batch"],
      },
      (b, { query, key, value, ...v }) =>
        attentionComposite(b, query!, key!, value!, v, {
          score: "scaledDot",
          causal: false,
          emptyRows: "zeros",
        }),
    ),
  convolution: () =>
    one({ x: sequence, kernel: [3, 2, 4], bias: [4] }, (b, { x, ...v }) =>
      convolutionComposite(b, x!, v, { stride: 2, dilation: 3 }),
    ),
  crfDecode: () =>
    one({ ...chain, lengths: ["batch"] }, (b, { emissions, ...v }) => crfDecode(b, emissions!, v)),
  crfPartition: () =>
    one({ ...chain, mask: ["time", "batch"] }, (b, { emissions, ...v }) => crfPartition(b, emissions!, v)),
  crfPathScore: () =>
    one({ ...chain, path: ["time", "batch"] }, (b, { emissions, path, ...v }) =>
      crfPathScore(b, emissions!, path!, v),
    ),
  simpleRnn: () =>
    one({ x: sequence, h, ...weights(1), mask: ["time", "batch"] }, (b, { x, h, mask, ...v }) =>
      simpleRnn(b, x!, { h: h! }, v, { mask }, { ...time, activation: "relu" }),
    ),
  simpleRnnCell: () =>
    one({ x, h, ...weights(1) }, (b, { x, h, ...v }) =>
      simpleRnnStep(b, x!, { h: h! }, v, { activation: "tanh" }),
    ),
  gru: () =>
    one({ x: sequence, h, ...weights(3), lengths: ["batch"] }, (b, { x, h, lengths, ...v }) =>
      gru(b, x!, { h: h! }, v, { lengths }, { ...time, ...ofGru }),
    ),
  gruCell: () => one({ x, h, ...weights(3) }, (b, { x, h, ...v }) => gruStep(b, x!, { h: h! }, v, ofGru)),
  lstm: () =>
    one({ x: sequence, ...lstmShapes, lengths: ["batch"] }, (b, { x, h, c, lengths, ...v }) =>
      lstm(b, x!, { h: h!, c: c! }, v, { lengths }, { ...time, ...ofLstm, maskedOutput: "hold" }),
    ),
  lstmCell: () =>
    one({ x, ...lstmShapes }, (b, { x, h, c, ...v }) => lstmStep(b, x!, { h: h!, c: c! }, v, ofLstm)),
};

const withAttrs = (node: CompositeNode, attrs: Attrs): CompositeNode => ({
  ...node,
  attrs: { ...node.attrs, ...attrs },
});

describe("every composite that the library makes", () => {
  it.each(Object.entries(nodes))("%s is what its definition says, from JSON too", (name, make) => {
    if (!Object.hasOwn(composites, name)) return expect(["linear", "tanh", "sigmoid"]).toContain(name);
    const program = programOf(make());
    verify(program);
    expect(programFromJson(programToJson(program))).toEqual(program);
  });

  it.each(Object.entries(composites))("%s with another body is refused by name", (name, _definition) => {
    const node = nodes[name as keyof typeof composites]();
    // The results go through one more operation, so that no other attribute would give them.
    const [first, ...others] = node.body.outputs;
    const type = node.outputs[0]!.type;
    const more = {
      kind: "primitive",
      op: "neg",
      inputs: [first!],
      attrs: {},
      outputs: [{ id: "n", type }],
    } as const;
    const body = { ...node.body, nodes: [...node.body.nodes, more], outputs: ["n", ...others] };
    expect(messageOf({ ...node, body })).toBe(
      `UNROLL_PROGRAM program "p" node 0 ${name}: expected a body that computes what its attributes say, ` +
        "got one that computes something else; regenerate it, or give the composite another name",
    );
    expect(messageOf({ ...node, body, op: "ours" })).toBe("passes");
  });

  it.each(
    Object.entries(composites).flatMap(([name, { attrs }]) =>
      Object.entries(attrs).flatMap(([attr, one]): [string, string, unknown][] =>
        (one.kind === "oneOf" ? one.of : [one.kind === "count" ? 4 : 0.5]).map((value) => [
          name,
          attr,
          value,
        ]),
      ),
    ),
  )("%s with %s %o has the body of that, or is refused with the cure", (name, attr, value) => {
    const node = nodes[name as keyof typeof composites]();
    const was = node.attrs[attr];
    if (value === was) return expect(messageOf(node)).toBe("passes");
    const got = messageOf(withAttrs(node, { [attr]: value as string }));
    // A held start is without effect where nothing is held.
    if (attr === "heldStart" && node.attrs["maskedOutput"] !== "hold") return expect(got).toBe("passes");
    const [want, came] = [was, value].map((one) => JSON.stringify(one));
    expect(got).toBe(
      `UNROLL_PROGRAM program "p" node 0 ${name}: expected attribute "${attr}" to be ${want}, as its ` +
        `body computes, got ${came}; mend the attribute, or regenerate the body`,
    );
  });
});

describe("a composite from outside", () => {
  it("is refused with attributes that are missing or that nobody knows", () => {
    const { activation: _, ...without } = nodes.gruCell().attrs;
    expect(messageOf({ ...nodes.gruCell(), attrs: without })).toContain(
      'node 0 gruCell: expected attribute "activation" to be one of linear, tanh,',
    );
    expect(messageOf(withAttrs(nodes.gruCell(), { activation: "swish" }))).toContain('got "swish"; mend it');
    expect(messageOf(withAttrs(nodes.gruCell(), { resetAfter: 1 }))).toContain("one of true, false, got 1;");
    for (const stride of [0, 1.5, -1, "2"])
      expect(messageOf(withAttrs(nodes.convolution(), { stride }))).toContain(
        "a finite integer above 0, got",
      );
    for (const cellClip of [0, -1, NaN, Infinity, null, "1"])
      expect(messageOf(withAttrs(nodes.lstmCell(), { cellClip }))).toContain("a finite number above 0, got");
    const { cellClip: __, ...unclipped } = nodes.lstmCell().attrs;
    expect(messageOf({ ...nodes.lstmCell(), attrs: unclipped })).toContain(
      'expected attribute "cellClip" to be 2, as its body computes, got none;',
    );
    const free = one({ x, ...lstmShapes }, (b, { x, h, c, ...v }) =>
      lstmStep(b, x!, { h: h!, c: c! }, v, unclipped as typeof ofLstm),
    );
    expect(messageOf(withAttrs(free, { cellClip: 2 }))).toContain(
      'expected attribute "cellClip" to be left out, as its body computes, got 2;',
    );
  });

  it("is refused with names of inputs exchanged, missing, of other shapes, or too many", () => {
    const exchange = (node: CompositeNode, a: string, b: string): CompositeNode => ({
      ...node,
      inputNames: node.inputNames.map((name) => (name === a ? b : name === b ? a : name)),
    });
    expect(messageOf(exchange(nodes.gruCell(), "inputBias", "recurrentBias"))).toContain(
      'expected inputs "recurrentBias" and "inputBias" the other way round, as its body reads them',
    );
    expect(messageOf(exchange(nodes.lstmCell(), "h", "c"))).toContain(
      'expected input "kernel" float32 [inputSize = 2, 4 units = 4], got float32 [2, 12];',
    );
    const drop = (node: CompositeNode, k: number): CompositeNode => ({
      ...node,
      inputNames: node.inputNames.filter((_, at) => at !== k),
      inputs: node.inputs.filter((_, at) => at !== k),
      body: {
        ...node.body,
        inputs: node.body.inputs.filter((_, at) => at !== k),
        nodes: [],
        outputs: ["v1"],
      },
    });
    expect(messageOf(drop(nodes.gruCell(), 2))).toContain("UNROLL_PROGRAM");
    const narrow = one({ x, ...lstmShapes, h: [1, 3], recurrentKernel: [3, 12] }, (b, v) => {
      const { x, h, c, projectionKernel: _, ...more } = v;
      lstmStep(b, x!, { h: h!, c: c! }, more, ofLstm);
    });
    // One row for all would broadcast in the body, and no kernel does that.
    expect(messageOf(narrow)).toContain('input "h" float32 [batch = batch, size], got float32 [1, 3]');
    const both = one(
      { x: sequence, h, ...weights(3), lengths: ["batch"], mask: ["time", "batch"] },
      (b, { x, h, lengths, mask, ...v }) =>
        gru(b, x!, { h: h! }, v, { lengths, mask }, { ...time, ...ofGru }),
    );
    expect(messageOf(both)).toContain("expected lengths or a mask, and not both, got inputs x, h,");
  });

  it("is refused with other outputs, which no claim speaks of", () => {
    const node = nodes.gru();
    expect(messageOf({ ...node, outputNames: ["h", "y"] })).toContain('expected outputs y, h, got "h, y";');
    const [y] = node.outputs;
    expect(
      messageOf({
        ...node,
        outputNames: ["y"],
        outputs: [y!],
        body: { ...node.body, outputs: [node.body.outputs[0]!] },
      }),
    ).toContain('expected outputs y, h, got "y";');
  });

  it("may have its nodes under other names and in another order", () => {
    const node = nodes.lstm();
    const text = JSON.stringify(node.body).replaceAll(/"(v\d*c)(s?)(\d+)"/g, '"other.$2$3"');
    const body = JSON.parse(text) as typeof node.body;
    const dead = {
      kind: "primitive",
      op: "tanh",
      inputs: [body.inputs[0]!.id],
      attrs: {},
      outputs: [{ id: "dead", type: body.inputs[0]!.type }],
    } as const;
    expect(text).not.toBe(JSON.stringify(node.body));
    expect(messageOf({ ...node, body: { ...body, nodes: [dead, ...body.nodes] } })).toBe("passes");
  });

  it("passes with an input or an attribute of a name that is not known: claims don't take it", () => {
    const grown = withAttrs(nodes.gruCell(), { resetAfter: false, unheardOf: 0.5 });
    expect(messageOf(grown)).toBe("passes");
    expect(legalize(programOf(grown), builtin()).nodes.some(({ kind }) => kind === "composite")).toBe(false);
  });

  it("is refused by all that takes programs, within bodies too", async () => {
    const wrong = withAttrs(nodes.simpleRnnCell(), { activation: "relu" });
    const expected = 'expected attribute "activation" to be "tanh", as its body computes, got "relu"';
    expect(messageOf(wrong, (program) => legalize(program, builtin()))).toContain(expected);
    expect(messageOf(wrong, (program) => prepareSync(builtin(), program, {}))).toContain(expected);
    expect(messageOf(wrong, (program) => programFromJson(programToJson(program)))).toContain(expected);
    await expect(prepare(builtin(), programOf(wrong), {})).rejects.toThrow(expected);
    const within: CompositeNode = {
      ...wrong,
      op: "ours",
      body: {
        inputs: wrong.body.inputs,
        nodes: [{ ...wrong, inputs: wrong.body.inputs.map(({ id }) => id) }],
        outputs: wrong.outputs.map(({ id }) => id),
      },
    };
    expect(messageOf(within)).toContain(`program "p" node 0 ours node 0 simpleRnnCell: ${expected}`);
  });
});
