import { type Program, print } from "@unroll/api/adapter";
import { type ProgramCase, programs } from "../cases/programs.js";
import { type Numbers, primitive, unrounded } from "../oracle/primitives.js";
import { holdProgram } from "./hold-program.js";
import { type Property, skip } from "./property.js";

/** How close to equal two numbers may be that a program compares: rounding decides which is less. */
const NARROW = 1e-3;

/** How far each operation is from deciding otherwise: what it compares, or where it jumps. */
const margins: Readonly<Record<string, (operands: readonly Numbers[], axis: number) => Iterable<number>>> = {
  less: (operands) => primitive("sub", operands, {}).data.map(Math.abs),
  equal: (operands) => primitive("sub", operands, {}).data.map(Math.abs),
  floor: ([x]) => x!.data.map((value) => Math.abs(value - Math.round(value))),
  argmax([x], axis) {
    const best = primitive("reduceMax", [x!], { axes: [axis] });
    const behind = primitive("sub", [best, x!], {});
    // The best itself is at 0: once a row; more often, two are equal.
    return [...behind.data].sort((a, b) => a - b).slice(best.data.length);
  },
};

/** Whether rounding could turn a comparison, or a step of a function, of this program around. */
function decided(program: Program, feeds: ProgramCase["feeds"]): boolean {
  const values = new Map<string, Numbers>(
    program.inputs.map(({ name, id }) => [
      id,
      { dtype: feeds[name]!.dtype, shape: feeds[name]!.shape, data: Float64Array.from(feeds[name]!.data) },
    ]),
  );
  for (const node of program.nodes) {
    if (node.kind !== "primitive") continue;
    const operands = node.inputs.map((id) => values.get(id)!);
    const margin = Object.hasOwn(margins, node.op) ? margins[node.op] : undefined;
    if (margin && operands[0]!.dtype === "float32")
      for (const distance of margin(operands, node.attrs["axis"] as number))
        if (!(distance > NARROW)) return false;
    values.set(node.outputs[0]!.id, primitive(node.op, operands, node.attrs, unrounded));
  }
  return true;
}

export const programsEqualDefinitions: Property<ProgramCase> = {
  id: "programs-equal-definitions",
  title: "random programs give what the definitions of their primitives give",
  rules: ["primitives", "R1"],
  arbitrary: programs,
  describe: ({ program }) =>
    print(program)
      .split("\n")
      .map((line) => line.trim())
      .join("; "),
  async check({ program, feeds }, { adapter }) {
    // A value compared with itself is equal on every engine, but not what is nearly so.
    if (!decided(program, feeds)) return skip("a comparison that rounding decides");
    return { errorOverBound: await holdProgram({ program, feeds, weights: {} }, adapter) };
  },
};
