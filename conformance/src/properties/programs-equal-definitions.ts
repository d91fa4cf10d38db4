import { print, type Program } from "@unroll/api/adapter";
import { drawnPrimitives } from "../cases/program-moves.js";
import { type GivenProgram, programs } from "../cases/programs.js";
import { type Numbers, primitive, unrounded } from "../oracle/primitives.js";
import { evaluate, holdProgram } from "./hold-program.js";
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

/** Whether rounding could turn no comparison, and no step of a function, of this program around. */
function decided(given: GivenProgram): boolean {
  let narrow = false;
  evaluate(given, unrounded, ({ op, attrs }, operands) => {
    const margin = Object.hasOwn(margins, op) ? margins[op] : undefined;
    if (narrow || !margin || operands[0]!.dtype !== "float32") return;
    for (const distance of margin(operands, attrs["axis"] as number)) narrow ||= !(distance > NARROW);
  });
  return !narrow;
}

/** What a program is made of, as the report counts it. */
const nodesIn = (nodes: Program["nodes"], within = ""): string[] =>
  nodes.flatMap((node) =>
    node.kind === "primitive" ? [node.op] : [`a scan${within}`, ...nodesIn(node.body.nodes, " in a scan")],
  );

export const programsEqualDefinitions: Property<GivenProgram> = {
  id: "programs-equal-definitions",
  title: "random programs give what the definitions of their primitives give",
  rules: ["primitives", "R1"],
  arbitrary: programs,
  describe: ({ program }) =>
    print(program)
      .split("\n")
      .map((line) => line.trim())
      .join("; "),
  classes: {
    all: () => [...drawnPrimitives, "a scan", "a scan in a scan"],
    of: (given) => nodesIn(given.program.nodes),
  },
  async check(given, { adapter }) {
    // A value compared with itself is equal on every engine, but not what is nearly so.
    if (!decided(given)) return skip("a comparison that rounding decides");
    return { errorOverBound: await holdProgram(given, adapter) };
  },
};
