import { type Activation, activationNames, builtin, whyNotSteppable } from "@unroll/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cases } from "../src/cases/cases.js";
import { edgePrimitives, edgeProgram } from "../src/cases/primitive-edges.js";
import { primitiveCases, primitiveProgram } from "../src/cases/primitive-programs.js";
import { exact } from "../src/oracle/arithmetic.js";
import { type Numbers, primitive } from "../src/oracle/primitives.js";
import { type Case, runOf } from "../src/cases/case.js";
import { deriveBounds } from "../src/tolerance/bounds.js";
import { holdProgram } from "../src/properties/hold-program.js";
import {
  holdAgainst,
  informative,
  sequenceOutputs,
  stepped,
  whole,
  withModel,
} from "../src/properties/judge.js";

describe("activations of the oracle", () => {
  const values: Readonly<Record<Activation, readonly (readonly [x: number, y: number])[]>> = {
    linear: [[-3, -3]],
    tanh: [
      [0, 0],
      [1, 0.7615941559557649],
      [-400, -1],
    ],
    sigmoid: [
      [0, 0.5],
      [1, 0.7310585786300049],
      [-800, 0],
      [800, 1],
    ],
    relu: [
      [-2, 0],
      [2, 2],
    ],
    hardSigmoidSixth: [
      [-3.5, 0],
      [-1.5, 0.25],
      [0, 0.5],
      [1.5, 0.75],
      [3.5, 1],
    ],
    hardSigmoidFifth: [
      [-2.75, 0],
      [-1, 0.3],
      [0, 0.5],
      [1, 0.7],
      [2.75, 1],
    ],
    softsign: [
      [-3, -0.75],
      [0, 0],
      [1, 0.5],
    ],
    softplus: [
      [0, 0.6931471805599453],
      [1, 1.3132616875182228],
      [-1, 0.31326168751822286],
      [800, 800],
      [-800, 0],
      [40, 40],
      [-40, 4.248354255291589e-18],
    ],
    elu: [
      [2, 2],
      [0, 0],
      [-1, -0.6321205588285577],
      [-800, -1],
    ],
    leakyRelu: [
      [2, 2],
      [-2, -0.02],
    ],
  };
  it.each(activationNames)("%s is what its formula gives", (name) => {
    for (const [x, y] of values[name]) {
      const [got] = exact.activate(name, Float64Array.of(x));
      expect(Math.abs(got! - y), `${name}(${x}) = ${got}`).toBeLessThanOrEqual(1e-15 * Math.abs(y) + 1e-300);
    }
    expect(exact.activate(name, Float64Array.of(NaN))[0]).toBeNaN();
  });

  it("softmaxes do not overflow", () => {
    const shares = exact.softmax(Float64Array.of(1000, 1000 + Math.log(3)));
    expect(shares[0]).toBeCloseTo(0.25, 12);
    expect(shares[1]).toBeCloseTo(0.75, 12);
    const logs = exact.logSoftmax(Float64Array.of(-1000, -1000 + Math.log(3)));
    expect(logs[0]).toBeCloseTo(Math.log(0.25), 12);
    expect(logs[1]).toBeCloseTo(Math.log(0.75), 12);
    expect([...exact.softmax(Float64Array.of(-Infinity, 0))]).toEqual([0, 1]);
  });

  it("vectors of other arithmetic are as in numbers", () => {
    const [a, b] = [Float64Array.of(1, 2), Float64Array.of(4, -8)];
    expect(exact.affine(a, Float64Array.of(1, 2, 3, 4, 5, 6), 3, undefined)).toEqual(
      Float64Array.of(9, 12, 15),
    );
    expect(exact.affine(a, Float64Array.of(1, 2), 1, Float64Array.of(7))).toEqual(Float64Array.of(12));
    expect(exact.complement(a)).toEqual(Float64Array.of(0, -1));
    expect(exact.divide(b, 2)).toEqual(Float64Array.of(2, -4));
    expect(exact.quotient(b, a)).toEqual(Float64Array.of(4, -4));
    expect(exact.root(Float64Array.of(9))).toEqual(Float64Array.of(3));
    expect(exact.clamp(b, 5)).toEqual(Float64Array.of(4, -5));
    expect(exact.larger(b, Float64Array.of(5, -9))).toEqual(Float64Array.of(5, -8));
    expect(exact.constant(3, 2)).toEqual(Float64Array.of(3, 3));
    expect(exact.slice(b, 1, 1)).toEqual(Float64Array.of(-8));
    expect(exact.concat([a, b])).toEqual(Float64Array.of(1, 2, 4, -8));
  });
});

describe("primitives of the oracle", () => {
  it("tell a rounding of what each result is relative to", () => {
    const seen: unknown[] = [];
    const rounding = {
      value: (value: number, about?: unknown) => (seen.push([value, about]), value),
      sum: (value: number, spread: number) => (seen.push([value, spread]), value),
    };
    const of = (...data: number[]): Numbers => ({
      dtype: "float32",
      shape: [data.length],
      data: Float64Array.from(data),
    });
    primitive("sum", [of(3, 4)], { axes: [0] }, rounding);
    primitive("tanh", [of(0)], {}, rounding);
    primitive("add", [of(1), of(2)], {}, rounding);
    primitive("pow", [of(1), of(2)], {}, rounding);
    primitive("max", [of(1), of(2)], {}, rounding);
    primitive("constant", [], { dtype: "float32", shape: [2], value: [0.5, 0.1] }, rounding);
    primitive("constant", [], { dtype: "int32", shape: [1], value: [3] }, rounding);
    primitive(
      "add",
      [
        { ...of(1), dtype: "int32" },
        { ...of(2), dtype: "int32" },
      ],
      {},
      rounding,
    );
    primitive("cumsum", [of(2)], { axis: 0 }, rounding);
    expect(seen).toEqual([
      [7, Math.sqrt(9 + 9 + 16 + 49)],
      [0, { op: "tanh", argument: 0 }],
      [3, undefined],
      [1, { op: "pow", argument: 1 }],
      [0.1, undefined],
      [2, Math.sqrt(8)],
    ]);
  });
});

// The builtin engine and the oracle share no code, so that neither can be wrong alone.
const engine = builtin();

describe("the oracle", () => {
  // Few steps say as much of the equations as many.
  const drawn = fc.sample(cases(), { seed: 31, numRuns: 200 }).filter(({ time }) => time < 10);
  const derived = (given: Case) => deriveBounds(given.spec, given.weights, runOf(given), { samples: 4 });

  it("agrees with the builtin engine on whole sequences", async () => {
    let held = 0;
    for (const given of drawn) {
      const truth = derived(given);
      if (!informative(truth, "f32")) continue;
      holdAgainst("whole", await withModel(given, engine, (model) => whole(model, given)), truth);
      held++;
    }
    expect(held).toBeGreaterThan(100);
  });

  it("agrees with the builtin engine step by step", async () => {
    const steppable = drawn.filter(
      ({ spec, lengths, mask }) => !lengths && !mask && whyNotSteppable(spec) === null,
    );
    expect(steppable.length).toBeGreaterThan(10);
    for (const given of steppable) {
      const truth = derived(given);
      if (!informative(truth, "f32")) continue;
      const sequences = sequenceOutputs(given, truth.exact);
      const results = await withModel(given, engine, (model) => stepped(model, given, sequences));
      holdAgainst("by steps", results, truth);
    }
  });

  it.each(primitiveCases.map((at) => [`${at.op} in a ${at.place}`, at] as const))(
    "agrees with the builtin engine on %s",
    async (_name, at) => {
      const given = primitiveProgram({ ...at, batch: 2, seed: 1 });
      await expect(holdProgram(given, engine)).resolves.toBeLessThan(1);
    },
  );

  it.each(edgePrimitives)("agrees with the builtin engine on %s at its edges", async (op) => {
    await expect(holdProgram(edgeProgram(op), engine, { apart: true })).resolves.toBeLessThan(1);
  });
});
