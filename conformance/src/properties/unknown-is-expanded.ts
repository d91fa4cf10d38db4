import { type Adapter, lower } from "@unroll/api";
import { type CompositeNode, type Node, prepare, type Program } from "@unroll/api/adapter";
import { type Case, describeCase, inputsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { deriveBounds, type DerivedBounds } from "../tolerance/bounds.js";
import { runOf } from "../cases/case.js";
import { holdAgainst, informative, type Results } from "./judge.js";
import { type Property, skip, Violation } from "./property.js";

/** What nobody who wrote a claim can have heard of. */
const UNHEARD = "unheardOf";

/** A composite that has grown by an input, which its body does not read, or by an attribute. */
function grown(node: Node, by: "input" | "attribute"): Node {
  if (node.kind !== "composite") return node;
  if (by === "attribute") return { ...node, attrs: { ...node.attrs, [UNHEARD]: 0.5 } };
  const { type } = node.body.inputs[0]!;
  return {
    ...node,
    inputNames: [...node.inputNames, UNHEARD],
    inputs: [...node.inputs, node.inputs[0]!],
    body: { ...node.body, inputs: [...node.body.inputs, { id: UNHEARD, type }] },
  };
}

const unheardIn = (nodes: readonly Node[]): CompositeNode | undefined =>
  nodes.find(
    (node): node is CompositeNode =>
      node.kind === "composite" && (UNHEARD in node.attrs || node.inputNames.includes(UNHEARD)),
  );

/** The adapter, and an eye on what it is handed. */
const watched = (adapter: Adapter): Adapter => {
  const { compileSync: _, ...rest } = adapter;
  return {
    ...rest,
    capabilities: { ...adapter.capabilities, synchronous: false },
    compile(program, weights) {
      const node = unheardIn(program.nodes);
      if (node)
        throw new Violation(
          `composite "${node.op}" with a new ${UNHEARD in node.attrs ? "attribute" : "input"}`,
          "its decomposition to reach the engine, got the composite",
        );
      return adapter.compile(program, weights);
    },
  };
};

/** Runs a case's whole sequence as a program of its own, from a state of zeros. */
async function run({ weights, ...given }: Case, program: Program, adapter: Adapter): Promise<Results> {
  const executable = await prepare(watched(adapter), program, weights);
  try {
    const zeros = program.inputs.filter(({ name }) => name.startsWith("state."));
    const state = zeros.map(({ name, type }) => {
      const shape = type.shape.map((dim) => (dim === "batch" ? given.batch : (dim as number)));
      return [name, { dtype: "float32", shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }];
    });
    const results = await executable.run({
      ...inputsOf({ weights, ...given }),
      ...Object.fromEntries(state),
    });
    const read = await Promise.all(
      Object.entries(results).map(async ([name, result]) => {
        const held = await result.read();
        result.dispose();
        return [name.replace(/^state\./, "state "), held];
      }),
    );
    return Object.fromEntries(read) as Results;
  } finally {
    executable.dispose();
  }
}

const truthOf = (given: Case, precision: Adapter["capabilities"]["precision"]): DerivedBounds =>
  deriveBounds(given.spec, given.weights, runOf({ ...given, state: null }), { precision, samples: 16 });

export const unknownIsExpanded: Property<Case> = {
  id: "unknown-is-expanded",
  title: "a composite with an input or an attribute that a claim does not know is expanded, and stays right",
  rules: ["capabilities", "R21"],
  share: 0.25,
  arbitrary: () => cases({ extent: "none", depth: 1, axes: false }),
  describe: describeCase,
  async check(given, { adapter }) {
    const { precision } = adapter.capabilities;
    const truth = truthOf(given, precision);
    if (!informative(truth, precision)) return skip("bound too wide");
    const program = lower(given.spec, { mode: "sequence" });
    let worst = 0;
    for (const by of ["input", "attribute"] as const) {
      const changed = { ...program, nodes: program.nodes.map((node) => grown(node, by)) };
      const results = await run(given, changed, adapter);
      worst = Math.max(worst, holdAgainst(`composites with a new ${by}`, results, truth));
    }
    return { errorOverBound: worst };
  },
};
