import { programOfTensors, scanProgram, stack, type Tensor, where } from "@unroll/api/torch";
import type { GraphProto } from "./graph-proto.js";
import type { NodeCall, Operators, Results } from "./node-call.js";
import { known, valuesOf } from "./tensors.js";

/** Runs of a loop's body at most: each is in the program by itself. */
const RUNS = 1024;

/** Values of the graphs around that a body reads, and those within it. */
export function outerNames(graph: GraphProto): string[] {
  const own = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name), ""]);
  const outer = new Set<string>();
  const read = (name: string): void => void (own.has(name) || outer.add(name));
  for (const { inputs, outputs, attributes } of graph.nodes) {
    inputs.forEach(read);
    for (const attribute of attributes.values())
      if (attribute.kind === "graph") outerNames(attribute.value).forEach(read);
    outputs.forEach((name) => own.add(name));
  }
  graph.outputs.forEach(({ name }) => read(name));
  return [...outer];
}

function scan(call: NodeCall): Results {
  const body = call.graph("body");
  const count = call.int("num_scan_inputs", 0);
  const carried = call.inputs.length - count;
  if (count < 1 || carried < 0 || body.inputs.length !== call.inputs.length || body.outputs.length < carried)
    call.refuse(
      "a body with the operator's inputs and outputs",
      `${body.inputs.length} and ${body.outputs.length}`,
      "export the model again",
    );
  const scanned = body.outputs.length - carried;
  const list = (name: string, length: number): readonly number[] => {
    const given = call.ints(name) ?? new Array<number>(length).fill(0);
    return given.length === length
      ? given
      : call.refuse(`${length} ${name}`, `${given.length}`, "export the model again");
  };
  const [axesIn, axesOut] = [list("scan_input_axes", count), list("scan_output_axes", scanned)];
  const [waysIn, waysOut] = [list("scan_input_directions", count), list("scan_output_directions", scanned)];
  // Along the first axis, forward.
  const sequences = call.inputs.slice(carried).map((_, k) => {
    const x = call.input(carried + k);
    const first = moved(x, call.axis(axesIn[k]!, x.shape.length), 0);
    return waysIn[k] === 1 ? first.flip(0) : first;
  });
  const carries = call.inputs.slice(0, carried).map((_, k) => call.input(k));
  // What is known is known in the body too; what an engine computes is given to each step.
  const outer = outerNames(body).flatMap((name) => {
    const value = call.bodies.outer(name);
    return value && value.backend !== null ? [[name, value] as const] : [];
  });
  const form = (of: Tensor, shape = of.shape): Pick<Tensor, "dtype" | "shape"> => ({
    dtype: of.dtype,
    shape,
  });
  const { program, weights } = programOfTensors(
    call.place,
    Object.fromEntries([
      ...carries.map((one, k) => [`carry.${k}`, form(one)] as const),
      ...sequences.map((one, k) => [`element.${k}`, form(one, one.shape.slice(1))] as const),
      ...outer.map(([, one], k) => [`outer.${k}`, form(one)] as const),
    ]),
    (tensors) => {
      const inputs = [
        ...carries.map((_, k) => tensors[`carry.${k}`]!),
        ...sequences.map((_, k) => tensors[`element.${k}`]!),
      ];
      const results = call.bodies.run(
        body,
        inputs,
        new Map(outer.map(([name], k) => [name, tensors[`outer.${k}`]!])),
      );
      return Object.fromEntries(
        results.map((one, k) => [k < carried ? `carry.${k}` : `stacked.${k - carried}`, one]),
      );
    },
  );
  const named = (list: readonly Tensor[], prefix: string): Record<string, Tensor> =>
    Object.fromEntries(list.map((one, k) => [`${prefix}.${k}`, one]));
  const results = scanProgram(program, {
    carries: named(carries, "carry"),
    sequences: named(sequences, "element"),
    captures: {
      ...named(
        outer.map(([, one]) => one),
        "outer",
      ),
      ...Object.fromEntries(Object.entries(weights).map(([name, one]) => [name, known(one)])),
    },
  });
  return [
    ...carries.map((_, k) => results[`carry.${k}`]!),
    ...axesOut.map((axis, k) => {
      const stacked = results[`stacked.${k}`]!;
      const forward = waysOut[k] === 1 ? stacked.flip(0) : stacked;
      return moved(forward, 0, call.axis(axis, forward.shape.length));
    }),
  ];
}

function moved(x: Tensor, from: number, to: number): Tensor {
  const perm = x.shape.map((_, k) => k).filter((k) => k !== from);
  perm.splice(to, 0, from);
  return x.permute(perm);
}

/** Both branches are computed where the condition is. */
function choose(call: NodeCall): Results {
  const condition = call.input(0);
  const branch = (name: string): Tensor[] => call.bodies.run(call.graph(name), []);
  const value = valuesOf(condition);
  if (value) return branch(value[0] ? "then_branch" : "else_branch");
  const [yes, no] = [branch("then_branch"), branch("else_branch")];
  return yes.map((one, k) => {
    const other = no[k];
    if (other?.shape.join() !== one.shape.join() || other.dtype !== one.dtype)
      return call.refuse(
        "branches that make values of one form",
        `[${one.shape.join(", ")}] and [${other?.shape.join(", ")}]`,
        "export it with a fixed condition",
      );
    return where(condition.reshape([]), one, other);
  });
}

/** A loop whose number of runs is known, one after the other. */
function loop(call: NodeCall): Results {
  const body = call.graph("body");
  const carried = call.inputs.length - 2;
  const count = call.has(0) ? call.value(0) : Infinity;
  let going = call.has(1) ? call.value(1) !== 0 : true;
  if (body.inputs.length !== carried + 2 || body.outputs.length < carried + 1)
    call.refuse(
      "a body with the operator's inputs and outputs",
      `${body.inputs.length} and ${body.outputs.length}`,
      "export the model again",
    );
  let state = call.inputs.slice(2).map((_, k) => call.input(k + 2));
  const rows: Tensor[][] = [];
  for (let k = 0; k < count && going; k++) {
    if (k >= RUNS) call.refuse(`at most ${RUNS} runs of a loop`, "more", "export it as Scan, or with fewer");
    const flag = known({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
    const at = known({ dtype: "int32", shape: [], data: Int32Array.of(k) });
    const [next, ...results] = call.bodies.run(body, [at, flag, ...state]);
    const values = valuesOf(next!);
    if (!values)
      return call.refuse(
        "a condition that is known",
        "one that the model computes of what it is fed",
        "export it with a fixed number of runs",
      );
    going = values[0] !== 0;
    state = results.slice(0, carried);
    rows.push(results.slice(carried));
  }
  if (rows.length === 0 && body.outputs.length > carried + 1)
    call.refuse("at least one run", "none", "engines have no empty tensors");
  return [...state, ...(rows[0] ?? []).map((_, k) => stack(rows.map((row) => row[k]!)))];
}

/** Operators that hold graphs. */
export const control = (): Operators => ({
  Scan: {
    attributes: [
      "body",
      "num_scan_inputs",
      "scan_input_axes",
      "scan_input_directions",
      "scan_output_axes",
      "scan_output_directions",
    ],
    outputs: Infinity,
    run: scan,
  },
  If: { attributes: ["then_branch", "else_branch"], outputs: Infinity, run: choose },
  Loop: { attributes: ["body"], outputs: Infinity, run: loop },
});
