import { unrollError } from "../contract/error.js";
import type { CompositeCheck } from "./check-composite.js";
import { assertProgramForm } from "./form.js";
import { typeOf } from "./infer.js";
import { primitiveOf } from "./primitives.js";
import type { Node, Program, Region, Typed, ValueId, ValueType } from "../contract/program.js";

/**
 * Checks a program that did not come straight from the builder, e.g. from JSON: every value defined once and
 * before its use, every primitive known, every type the one that inference gives, bodies as isolated as they
 * claim to be.
 *
 * @param composite what else each composite is held against; by default its body is taken at its word
 * @throws UNROLL_PROGRAM, UNROLL_SHAPE or UNROLL_DTYPE naming the node
 */
export function verify(program: Program, composite?: CompositeCheck): void {
  assertProgramForm(program, "program");
  const place = `program "${program.name}"`;
  for (const param of program.params) {
    if (param.type.shape.some((dim) => typeof dim === "string"))
      fail(
        `${place} param "${param.name}"`,
        "a shape of numbers",
        `[${param.type.shape.join(", ")}]`,
        "weights have no symbolic axes",
      );
  }
  for (const list of [program.params, program.inputs, program.outputs]) {
    const names = list.map((entry) => entry.name);
    const twice = names.find((name, k) => names.indexOf(name) !== k);
    if (twice !== undefined) fail(place, "distinct names", `"${twice}" twice`, "rename one");
  }
  const whole: Region = {
    inputs: [...program.params, ...program.inputs],
    nodes: program.nodes,
    outputs: program.outputs.map((o) => o.id),
  };
  const types = region(place, whole, composite);
  for (const output of program.outputs)
    expectType(`${place} output "${output.name}"`, types.get(output.id)!, output.type);
}

function fail(place: string, expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_PROGRAM", place: place, expected: expected, got: got, cure: cure });
}

const show = (type: ValueType): string => `${type.dtype} [${type.shape.join(", ")}]`;

function expectType(place: string, got: ValueType, want: ValueType): void {
  if (show(got) !== show(want))
    fail(place, show(want), show(got), "the declared and the computed type must agree");
}

function region(
  place: string,
  { inputs, nodes, outputs }: Region,
  composite: CompositeCheck | undefined,
): ReadonlyMap<ValueId, ValueType> {
  const types = new Map<ValueId, ValueType>();
  const define = (where: string, { id, type }: Typed): void => {
    if (types.has(id)) fail(where, "a new value", `${id} a second time`, "each value is defined once");
    types.set(id, type);
  };
  const use = (where: string, id: ValueId): ValueType =>
    types.get(id) ??
    fail(where, "a value defined before it in its region", id, "regions see only their own inputs");
  inputs.forEach((input) => define(`${place} input`, input));
  nodes.forEach((node, k) => {
    const where = `${place} node ${k} ${node.kind === "scan" ? "scan" : node.op}`;
    check(
      where,
      node,
      node.inputs.map((id) => use(where, id)),
      composite,
    );
    node.outputs.forEach((output) => define(where, output));
  });
  outputs.forEach((id) => use(`${place} result`, id));
  return types;
}

function check(
  where: string,
  node: Node,
  operands: readonly ValueType[],
  composite: CompositeCheck | undefined,
): void {
  switch (node.kind) {
    case "primitive": {
      const primitive = primitiveOf(node.op);
      if (!primitive)
        fail(where, "a primitive of primitives.ts", `"${node.op}"`, "composites have kind composite");
      expectType(where, typeOf(where, primitive, operands, node.attrs), node.outputs[0]!.type);
      return;
    }
    case "scan": {
      const types = region(where, node.body, composite);
      if (node.carries + node.sequences > operands.length)
        fail(
          where,
          `${node.carries + node.sequences} inputs and more`,
          `${operands.length}`,
          "carries come first",
        );
      if (node.body.outputs.length < node.carries || node.outputs.length !== node.body.outputs.length)
        fail(
          where,
          `${node.body.outputs.length} outputs, of which ${node.carries} are carries`,
          `${node.outputs.length}`,
          "one for each body output, and a body output for each carry",
        );
      const sequences = operands.slice(node.carries, node.carries + node.sequences);
      const time = sequences[0]?.shape[0];
      if (time === undefined)
        fail(where, "at least one sequence", "none", "the sequences say how long to run");
      const wanted = operands.map((type, k) =>
        k >= node.carries && k < node.carries + node.sequences
          ? { dtype: type.dtype, shape: type.shape.slice(1) }
          : type,
      );
      if (node.body.inputs.length !== wanted.length)
        fail(
          where,
          `${wanted.length} body inputs`,
          String(node.body.inputs.length),
          "carries, then elements, then captures",
        );
      wanted.forEach((type, k) => expectType(`${where} body input ${k}`, node.body.inputs[k]!.type, type));
      sequences.forEach((type, k) => {
        if (type.shape[0] !== time)
          fail(
            `${where} sequence ${k}`,
            `length ${time}`,
            String(type.shape[0]),
            "sequences run side by side",
          );
      });
      node.body.outputs.forEach((id, k) => {
        const type = types.get(id)!;
        const declared = node.outputs[k]!.type;
        expectType(
          `${where} output ${k}`,
          k < node.carries ? type : { dtype: type.dtype, shape: [time, ...type.shape] },
          declared,
        );
        if (k < node.carries) expectType(`${where} carry ${k}`, type, operands[k]!);
      });
      return;
    }
    case "composite": {
      const types = region(where, node.body, composite);
      const [names, inputs] = [node.inputNames.length, node.body.inputs.length];
      if (names !== operands.length || inputs !== operands.length)
        fail(
          where,
          "one name and one body input for each input",
          `${operands.length} inputs, ${names} names, ${inputs} body inputs`,
          "leave absent inputs out of all three",
        );
      for (const list of [node.inputNames, node.outputNames])
        if (new Set(list).size !== list.length) fail(where, "distinct names", list.join(", "), "rename one");
      if (node.outputNames.length !== node.outputs.length || node.body.outputs.length !== node.outputs.length)
        fail(
          where,
          "one name and one body output for each output",
          `${node.outputs.length} outputs, ${node.outputNames.length} names, ` +
            `${node.body.outputs.length} body outputs`,
          "the body yields each output",
        );
      operands.forEach((type, k) =>
        expectType(`${where} input "${node.inputNames[k]}"`, node.body.inputs[k]!.type, type),
      );
      node.outputs.forEach((output, k) => {
        const type = types.get(node.body.outputs[k]!)!;
        expectType(`${where} output "${node.outputNames[k]}"`, type, output.type);
      });
      composite?.(where, node);
      return;
    }
    default:
      node satisfies never;
  }
}
