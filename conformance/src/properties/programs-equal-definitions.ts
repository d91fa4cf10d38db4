import type { HostTensor } from "@unroll/api";
import { type DeviceTensor, prepare, type Program, print } from "@unroll/api/adapter";
import { type ProgramCase, programs } from "../cases/programs.js";
import { type Numbers, primitive, type Rounding, unrounded } from "../oracle/primitives.js";
import { runProgram } from "../oracle/programs.js";
import { compareWithBound } from "../tolerance/compare.js";
import { type Precision, precisions } from "../tolerance/precision.js";
import { generator } from "../tolerance/random.js";
import { type Property, skip, Violation } from "./property.js";

const evaluate = (
  program: Program,
  feeds: ProgramCase["feeds"],
  rounding: Rounding,
): Record<string, Numbers> =>
  runProgram(
    program,
    Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape, data: Float64Array.from(data) },
      ]),
    ),
    rounding,
  );

function noise({ unit, activation }: Precision, seed: number): Rounding {
  const random = generator(seed);
  const sway = (): number => random() * 2 - 1;
  return {
    value: (value, approximated) =>
      value +
      sway() * (unit * Math.abs(value) + (approximated ? activation * Math.max(1, Math.abs(value)) : 0)),
    sum: (value, spread) => value + sway() * Math.sqrt(3) * unit * spread,
  };
}

/** Feeds as an engine holds them, off by a rounding. */
const rounded = (feeds: ProgramCase["feeds"], { value }: Rounding): ProgramCase["feeds"] =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [
      name,
      feed.dtype === "float32" ? { ...feed, data: Float32Array.from(feed.data, (one) => value(one)) } : feed,
    ]),
  );

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
      .filter((line) => line !== "")
      .join("; "),
  async check({ program, feeds }, { adapter }) {
    // A value compared with itself is equal on every engine, but not what is nearly so.
    if (!decided(program, feeds)) return skip("a comparison that rounding decides");
    const precision = precisions[adapter.capabilities.precision];
    const exact = evaluate(program, feeds, unrounded);
    const samples = Array.from({ length: 16 }, (_, k) => {
      const rounding = noise(precision, k + 1);
      // What is fed is float32: only a coarser engine rounds it.
      return evaluate(
        program,
        adapter.capabilities.precision === "f32" ? feeds : rounded(feeds, rounding),
        rounding,
      );
    });
    const executable = await prepare(adapter, program, {});
    try {
      const results: Record<string, DeviceTensor> = await executable.run(feeds);
      let worst = 0;
      for (const [name, want] of Object.entries(exact)) {
        const got: HostTensor = await results[name]!.read();
        results[name]!.dispose();
        if (got.dtype !== want.dtype) throw new Violation(name, `dtype ${want.dtype}, got ${got.dtype}`);
        const deviation = (k: number): number =>
          Math.sqrt(
            samples.reduce((sum, sample) => sum + (sample[name]!.data[k]! - want.data[k]!) ** 2, 0) /
              samples.length,
          );
        const own = want.data.map((_, k) => deviation(k));
        const common = Math.sqrt(own.reduce((sum, d) => sum + d * d, 0) / own.length);
        const bound = {
          shape: want.shape,
          data: want.data.map(
            (value, k) =>
              12 * Math.max(own[k]!, 0.5 * common) +
              (want.dtype === "float32" ? precision.unit * Math.abs(value) : 0) +
              precision.smallest,
          ),
        };
        const comparison = compareWithBound(got, want, bound);
        if (comparison.firstBadIndex >= 0) {
          throw new Violation(
            name,
            got.shape.join() === want.shape.join()
              ? `${comparison.want} within ${comparison.bound?.toExponential(2)}`
              : `shape [${want.shape.join(", ")}], got [${got.shape.join(", ")}]`,
            {
              firstBadIndex: comparison.firstBadIndex,
              ...(comparison.got === undefined
                ? {}
                : { got: comparison.got, want: comparison.want!, bound: comparison.bound! }),
            },
          );
        }
        worst = Math.max(worst, comparison.errorOverBound);
      }
      return { errorOverBound: worst };
    } finally {
      executable.dispose();
    }
  },
};
