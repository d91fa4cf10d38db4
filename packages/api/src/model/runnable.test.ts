import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { tensor } from "../contract/tensor.js";
import { ProgramBuilder } from "../program/program-builder.js";
import type { Runnable, RunMode } from "../program/runnable.js";
import { compile } from "./compile.js";
import { State } from "./saved-state.js";

/**
 * No spec: a matrix and a counter as state, each step m' = m + w · x, n' = n + 1, and m' the output, as a
 * program of its own for each mode.
 */
const running: Runnable = {
  format: "unroll.runnable",
  name: "running",
  inputs: [{ name: "x", dtype: "float32", axis: "time", shape: [2, 3], ids: Infinity }],
  outputs: [{ name: "sum", dtype: "float32", axis: "time", shape: [2, 3] }],
  states: [
    { layer: "total", part: "m", dtype: "float32", shape: [2, 3], given: true },
    { layer: "total", part: "n", dtype: "int32", shape: [], given: true },
  ],
  weights: [{ name: "w", shape: [2, 2] }],
  mayBeEmpty: true,
  whyNotSteppable: null,
  program({ mode, timeMajor }: RunMode) {
    const builder = new ProgramBuilder(`running ${mode}`);
    const b = builder.block;
    const w = builder.param("w", [2, 2]);
    const leading = mode === "step" ? ["batch"] : timeMajor ? ["time", "batch"] : ["batch", "time"];
    const x = builder.input("x", { dtype: "float32", shape: [...leading, 2, 3] });
    const m = builder.input("state.total.m", { dtype: "float32", shape: ["batch", 2, 3] });
    const n = builder.input("state.total.n", { dtype: "int32", shape: ["batch"] });
    const one = 1;
    if (mode === "step") {
      const sum = b.add(m, b.matmul(w, x));
      builder.output("sum", sum);
      builder.output("state.total.m", sum);
      builder.output("state.total.n", b.add(n, b.constant(one, [], "int32")));
      return builder.finish();
    }
    const steps = timeMajor ? x : b.transpose(x, [1, 0, 2, 3]);
    const { carries, stacked } = b.scan(
      { carries: [m, n], sequences: [steps], captures: [w] },
      (inner, [held, count], [element], [weight]) => {
        const sum = inner.add(held!, inner.matmul(weight!, element!));
        return { carries: [sum, inner.add(count!, inner.constant(one, [], "int32"))], stacked: [sum] };
      },
    );
    builder.output("sum", timeMajor ? stacked[0]! : b.transpose(stacked[0]!, [1, 0, 2, 3]));
    builder.output("state.total.m", carries[0]!);
    builder.output("state.total.n", carries[1]!);
    return builder.finish();
  },
};

const weights = {
  w: tensor([
    [1, 2],
    [0, 1],
  ]),
};
const x = tensor(
  Float32Array.from({ length: 12 }, (_, k) => k),
  [1, 2, 2, 3],
);

describe("a model of something that is no spec", () => {
  it("runs whole and step by step, with a state of any shape and dtype", async () => {
    const model = await compile(running, { adapter: builtin(), weights });
    const whole = await model.sequence(x);
    expect(whole.output.shape).toEqual([1, 2, 2, 3]);
    let state = model.zeroState(1);
    for (const t of [0, 1]) {
      const element = tensor(x.data.slice(t * 6, t * 6 + 6), [1, 2, 3]);
      const step = await model.step(element, state);
      expect([...step.output.data]).toEqual([...whole.output.data.slice(t * 6, t * 6 + 6)]);
      state = step.state;
    }
    expect(await state.toTypedArrays()).toEqual(await whole.state.toTypedArrays());
    expect((await state.toTypedArrays<"int32">())["total"]!["n"]).toEqual(tensor([2], [1], "int32"));
  });

  it("saves and restores such a state", async () => {
    const model = await compile(running, { adapter: builtin(), weights });
    const { state } = await model.sequence(x);
    const again = State.fromJSON(JSON.parse(JSON.stringify(state)) as ReturnType<State["toJSON"]>);
    expect(await again.toTypedArrays()).toEqual(await state.toTypedArrays());
    expect((await model.sequence(x, { state: again })).output).toEqual(
      (await model.sequence(x, { state })).output,
    );
    const wrong = { total: { m: tensor(new Float32Array(6), [1, 2, 3]), n: tensor([1], [1]) } };
    await expect(model.sequence(x, { state: wrong })).rejects.toThrow(
      'state part "total.n": expected int32 [1], got float32 [1]',
    );
  });

  it("checks what it is given as a spec's model does", async () => {
    const model = await compile(running, { adapter: builtin(), weights });
    await expect(model.sequence(tensor(new Float32Array(6), [1, 2, 3]))).rejects.toThrow(
      'model "running" sequence input "x": expected [batch, time, 2, 3], got [1, 2, 3]',
    );
    await expect(compile(running, { adapter: builtin(), weights: {} })).rejects.toThrow("missing w [2, 2]");
  });
});
