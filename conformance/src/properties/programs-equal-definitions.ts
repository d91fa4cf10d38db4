import { print, type Program } from "@unroll/api/adapter";
import { drawnPrimitives } from "../cases/program-moves.js";
import { type GivenProgram, programs } from "../cases/programs.js";
import { decided } from "./decided.js";
import { holdProgram } from "./hold-program.js";
import { type Property, skip } from "./property.js";

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
