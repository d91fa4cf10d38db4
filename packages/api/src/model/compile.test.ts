import { describe, expect, expectTypeOf, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { isUnrollError } from "../contract/error.js";
import { type HostTensor, tensor } from "../contract/tensor.js";
import {
  bidirectional,
  dense,
  embedding,
  gruCell,
  input,
  lstmCell,
  recurrent,
  spec,
} from "../specification/build.js";
import { customCell } from "../specification/custom-cell.js";
import type { Spec } from "../specification/types.js";
import { specState } from "../specification/state.js";
import { specWeights } from "../specification/weights.js";
import { compile } from "./compile.js";
import type { SequenceModel, SteppableModel } from "./faces.js";
import { State } from "./saved-state.js";

/** Weights that differ everywhere, the same on each run. */
function weightsOf(of: Spec): Record<string, HostTensor> {
  let n = 0;
  return Object.fromEntries(
    specWeights(of).map(({ name, shape }) => [
      name,
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(++n * 1.7) * 0.7),
        shape,
      ),
    ]),
  );
}

const causal = spec({
  name: "causal",
  inputs: [input({ name: "ids", dtype: "int32", shape: [] })],
  layers: [
    embedding({ name: "embed", input: "ids", inputSize: 9, outputSize: 3 }),
    recurrent({ name: "one", input: "embed", cell: lstmCell({ inputSize: 3, units: 4 }) }),
    recurrent({ name: "two", input: "one", cell: gruCell({ inputSize: 4, units: 2 }) }),
    dense({ name: "out", input: "two", inputSize: 2, units: 5, activation: "logSoftmax" }),
  ],
});
const acausal = spec({
  name: "acausal",
  inputs: [input({ name: "x", shape: [3] })],
  layers: [bidirectional({ name: "bi", input: "x", forward: lstmCell({ inputSize: 3, units: 2 }) })],
});

const make = () => compile(causal, { adapter: builtin(), weights: weightsOf(causal) });
const ids = tensor(
  [
    [1, 5, 2, 8, 0],
    [3, 3, 7, 1, 4],
  ],
  undefined,
  "int32",
);
const column = (t: number) => tensor([ids.data[t]!, ids.data[5 + t]!], [2], "int32");

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (isUnrollError(error)) return error.code;
    throw error;
  }
  return "none";
}

describe("model", () => {
  it("has a step only where every layer sees only the past, at the type level too", async () => {
    const both = await make();
    const whole = await compile(acausal, { adapter: builtin(), weights: weightsOf(acausal) });
    const wide = await compile(causal as Spec, { adapter: builtin(), weights: weightsOf(causal) });
    expectTypeOf(both).toExtend<SteppableModel>();
    expectTypeOf(wide).toExtend<SteppableModel>();
    expectTypeOf(whole).toExtend<SequenceModel>();
    // @ts-expect-error a bidirectional model has no step
    await expect(whole.step([[1, 2, 3]], whole.zeroState(1))).rejects.toThrow(
      'model "acausal" step: expected layers that see only the past, got bidirectional "bi" needs the ' +
        "whole sequence; use sequence()",
    );
  });

  it("gives the same numbers step by step as for the whole sequence", async () => {
    const model = await make();
    const whole = await model.sequence(ids);
    expect(whole.output.shape).toEqual([2, 5, 5]);
    let state = model.zeroState(2);
    for (let t = 0; t < 5; t++) {
      const stepped = await model.step(column(t), state);
      state = stepped.state;
      for (let row = 0; row < 2; row++)
        // The builtin engine has one cell for both: the same operations in the same order, the same bits.
        expect(stepped.output.data.subarray(row * 5, row * 5 + 5)).toEqual(
          whole.output.data.subarray((row * 5 + t) * 5, (row * 5 + t + 1) * 5),
        );
    }
    expect(await state.toTypedArrays()).toEqual(await whole.state.toTypedArrays());
  });

  it("steps into the caller's arrays", async () => {
    const model = await make();
    const [stepped, inPlace] = [model.zeroState(2), model.zeroState(2)];
    const out = new Float32Array(10);
    model.stepInto(column(0).data, inPlace, out);
    const first = await model.step(column(0), stepped);
    expect(out).toEqual(first.output.data);
    model.stepInto(column(1).data, inPlace, out);
    const second = await model.step(column(1), first.state);
    expect(out).toEqual(second.output.data);
    expect(await inPlace.toTypedArrays()).toEqual(await second.state.toTypedArrays());
    expect(() => model.stepInto(new Float32Array(2), inPlace, out)).toThrow(
      "expected Int32Array of 2 and an output of 10, got Float32Array of 2 and 10",
    );
    expect(() => model.stepInto(new Int32Array([1, 9]), inPlace, out)).toThrow(
      "expected ids from 0 to 8, got 9 at position 1",
    );
  });

  it("runs blocks of steps into the caller's arrays, of any length, with the same bits", async () => {
    const model = await make();
    const block = (from: number, to: number): Int32Array =>
      Int32Array.from([...ids.data.slice(from, to), ...ids.data.slice(5 + from, 5 + to)]);
    const whole = await model.sequence(ids);
    const state = model.zeroState(2);
    for (const [from, to] of [
      [0, 2],
      [2, 3],
      [3, 5],
    ] as const) {
      const out = new Float32Array(10 * (to - from));
      model.sequenceInto(block(from, to), state, out);
      for (const row of [0, 1])
        expect(out.slice(row * 5 * (to - from), (row + 1) * 5 * (to - from))).toEqual(
          whole.output.data.slice((row * 5 + from) * 5, (row * 5 + to) * 5),
        );
    }
    expect(await state.toTypedArrays()).toEqual(await whole.state.toTypedArrays());
    const short = new Float32Array(10);
    expect(() => model.sequenceInto(block(0, 2), state, short)).toThrow(
      'model "causal" sequenceInto: expected Int32Array of 2 a step and an output of 10 a step, got ' +
        "Int32Array of 4 and 10; both are [batch, ...] flat",
    );
    expect(() => model.sequenceInto(new Int32Array(3), state, short)).toThrow("got Int32Array of 3 and 10");
    expect(() => model.sequenceInto(new Int32Array(0), state, new Float32Array(0))).toThrow("of 0 and 0");
    expect(() => model.sequenceInto(new Int32Array([1, 9]), state, short)).toThrow("got 9 at position 1");
    expect(await state.toTypedArrays()).toEqual(await whole.state.toTypedArrays());
  });

  it("shares one executable between whole sequences and blocks, and new weights reach both", async () => {
    const adapter = builtin();
    const compiled: string[] = [];
    const counted = {
      ...adapter,
      compile: (...given: Parameters<typeof adapter.compile>) => (
        compiled.push("later"),
        adapter.compile(...given)
      ),
      compileSync: (...given: Parameters<NonNullable<typeof adapter.compileSync>>) => (
        compiled.push("at once"),
        adapter.compileSync!(...given)
      ),
    };
    const model = await compile(causal, { adapter: counted, weights: weightsOf(causal) });
    expect(compiled).toEqual(["at once"]);
    await model.sequence(ids);
    const [state, out] = [model.zeroState(2), new Float32Array(50)];
    model.sequenceInto(ids.data as Int32Array, state, out);
    expect(compiled).toEqual(["at once", "later"]);
    const doubled = Object.fromEntries(
      Object.entries(weightsOf(causal)).map(([name, { data, shape }]) => [
        name,
        tensor(
          data.map((v) => 2 * v),
          shape,
        ),
      ]),
    );
    await model.rebind(doubled);
    model.sequenceInto(ids.data as Int32Array, model.zeroState(2), out);
    expect(out).toEqual((await model.sequence(ids)).output.data);
    expect(compiled).toEqual(["at once", "later"]);
    model.dispose();
    await expect(
      codeOf(() => model.sequenceInto(ids.data as Int32Array, state, new Float32Array(50))),
    ).resolves.toBe("UNROLL_DISPOSED");
  });

  it("never changes a state that it was given", async () => {
    const model = await make();
    const { state } = await model.step(column(0), model.zeroState(2));
    const before = await state.toTypedArrays();
    const [a, b] = await Promise.all([model.step(column(1), state), model.step(column(1), state)]);
    expect(a.output.data).toEqual(b.output.data);
    expect(await state.toTypedArrays()).toEqual(before);
  });

  it("steps at once where nothing has to be waited for, with the bits of a step that waits", async () => {
    const model = await make();
    // What says how rows end, even that all are full, takes the way that waits.
    const waits = (x: HostTensor, state: State) => model.step(x, state, {});
    let [now, later] = [model.zeroState(2), model.zeroState(2)];
    for (let t = 0; t < 3; t++) {
      const x = column(t);
      const asked = model.step(x, now);
      x.data.fill(0);
      const [one, other] = [await asked, await waits(column(t), later)];
      expect(one.outputs).toEqual(other.outputs);
      expect(await one.state.toTypedArrays()).toEqual(await other.state.toTypedArrays());
      expect(JSON.stringify(one.state)).toBe(JSON.stringify(other.state));
      [now, later] = [one.state, other.state];
    }
    // In place on a state whose parts lie side by side.
    const [a, b] = [new Float32Array(10), new Float32Array(10)];
    model.stepInto(column(1).data, now, a);
    model.stepInto(column(1).data, later, b);
    expect(a).toEqual(b);
    expect(await now.toTypedArrays()).toEqual(await later.toTypedArrays());
  });

  it("carries a state through JSON, structuredClone and plain objects", async () => {
    const model = await make();
    const { state } = await model.step(column(0), model.zeroState(2));
    const want = (await model.step(column(1), state)).output.data;
    const text = JSON.stringify(state);
    expect((await model.step(column(1), State.fromJSON(JSON.parse(text)))).output.data).toEqual(want);
    expect((await model.step(column(1), structuredClone(await state.toTypedArrays()))).output.data).toEqual(
      want,
    );
    await expect(codeOf(() => State.fromJSON(JSON.parse(text.replace("unroll.state", "x"))))).resolves.toBe(
      "UNROLL_FORMAT",
    );
  });

  it("names a state part that is missing, foreign or mis-shaped", async () => {
    const model = await make();
    const plain = await model.zeroState(2).toTypedArrays();
    const { c: _c, ...onlyH } = plain["one"]!;
    await expect(model.step(column(0), { ...plain, one: onlyH })).rejects.toThrow(
      'model "causal" step: state part "one.c": expected [2, 4], got none; pass the state that the last ' +
        "run returned",
    );
    await expect(model.step(column(0), { ...plain, three: plain["two"]! })).rejects.toThrow(
      'got "three.h" too',
    );
    await expect(model.step(column(0), model.zeroState(3))).rejects.toThrow(
      'state part "one.h": expected [2, 4], got [3, 4]; the input and the state have the same number of rows',
    );
    await expect(codeOf(() => model.step(column(0), undefined as never))).resolves.toBe("UNROLL_STATE");
  });

  it("refuses what does not fit, before an engine sees it", async () => {
    const model = await make();
    await expect(
      model.sequence([
        [1, 2],
        [3, 9],
      ]),
    ).rejects.toThrow(
      'model "causal" sequence input "ids": expected ids from 0 to 8, got 9 at position 3; the embedding ' +
        "has 9 rows",
    );
    await expect(codeOf(() => model.sequence([1, 2]))).resolves.toBe("UNROLL_SHAPE");
    await expect(codeOf(() => model.sequence([[1.5]]))).resolves.toBe("UNROLL_DTYPE");
    await expect(codeOf(() => model.sequence([[1, 2], [3]]))).resolves.toBe("UNROLL_SHAPE");
    await expect(codeOf(() => model.sequence(tensor([[1, 2]])))).resolves.toBe("UNROLL_DTYPE");
    await expect(codeOf(() => model.sequence(ids, { lengths: [1, 6] }))).resolves.toBe("UNROLL_ARGUMENT");
    await expect(codeOf(() => model.sequence(ids, { lengths: [1] }))).resolves.toBe("UNROLL_SHAPE");
    await expect(codeOf(() => model.sequence(ids, { lenghts: [1, 2] } as never))).resolves.toBe(
      "UNROLL_ARGUMENT",
    );
    await expect(codeOf(() => model.zeroState(0))).resolves.toBe("UNROLL_ARGUMENT");
  });

  it("gives zeros after a row's length and the state at its end", async () => {
    const model = await compile(acausal, { adapter: builtin(), weights: weightsOf(acausal) });
    const x = tensor(
      Float32Array.from({ length: 2 * 4 * 3 }, (_, k) => (k >= 6 && k < 12 ? NaN : Math.cos(k))),
      [2, 4, 3],
    );
    const padded = await model.sequence(x, { lengths: [2, 4] });
    const short = await model.sequence(tensor(x.data.slice(0, 6), [1, 2, 3]));
    expect([...padded.output.data.slice(0, 8)]).toEqual([...short.output.data]);
    expect([...padded.output.data.slice(8, 16)]).toEqual(new Array(8).fill(0));
    expect([...(await padded.state.toTypedArrays())["bi"]!["backward.c"]!.data.slice(0, 2)]).toEqual([
      ...(await short.state.toTypedArrays())["bi"]!["backward.c"]!.data,
    ]);
  });

  it("returns the state as it is when there is no time", async () => {
    const model = await make();
    const { state } = await model.step(column(0), model.zeroState(2));
    const none = await model.sequence({ dtype: "int32", shape: [2, 0], data: new Int32Array(0) }, { state });
    expect(none.output.shape).toEqual([2, 0, 5]);
    expect(await none.state.toTypedArrays()).toEqual(await state.toTypedArrays());
  });

  it("streams keep their order and do not mix", async () => {
    const model = await make();
    const streams = [model.stream(), model.stream()];
    const mixed = await Promise.all(
      [0, 1, 2, 3, 4].flatMap((t) =>
        streams.map((s, row) => s.step(tensor([ids.data[row * 5 + t]!], [1], "int32"))),
      ),
    );
    const whole = await model.sequence(ids);
    mixed.forEach((output, k) => {
      const [t, row] = [Math.floor(k / 2), k % 2];
      expect(output.data).toEqual(whole.output.data.slice((row * 5 + t) * 5, (row * 5 + t + 1) * 5));
    });
  });

  it("a stream goes its own way from a state that it is given, and leaves it to its owner", async () => {
    const model = await make();
    const given = (await model.step(column(0), model.zeroState(2))).state;
    const saved = await given.toTypedArrays();
    const parts = specState(causal).map((part) => ({ ...part, given: true }));
    const want = await model.step(column(1), given);
    const streams = [model.stream({ state: given }), model.stream({ batch: 2 })];
    streams[1]!.reset(given);
    for (const array of given.arrays("test", parts)) array.fill(9);
    for (const stream of streams) {
      expect(await stream.step(column(1))).toEqual(want.output);
      stream.dispose();
    }
    streams[1]!.reset(State.fromTypedArrays(saved));
    expect((await given.toTypedArrays())["one"]!["c"]!.data[0]).toBe(9);
  });

  it("names a state that is no plain object, as that of another copy of this package", async () => {
    const model = await make();
    class Foreign {
      readonly batch = 2;
    }
    await expect(model.step(column(0), new Foreign() as never)).rejects.toThrow(
      /state part "": expected a plain object, got \{"batch":2\}; give tensors by layer and part/,
    );
  });

  it("keeps numbers of a cell's step that JSON can't write", async () => {
    const cell = customCell({
      name: "floored",
      inputSize: 1,
      state: { h: 1, sign: 1 },
      weights: {},
      step: (b, { x }) => {
        const h = b.max(x, b.constant(-Infinity));
        return { state: { h, sign: b.add(b.mul(h, b.constant(0)), b.div(b.constant(1), b.constant(-0))) } };
      },
    });
    const model = await compile(
      spec({
        name: "floor",
        inputs: [input({ name: "x", shape: [1] })],
        layers: [recurrent({ name: "cell", input: "x", cell })],
      }),
      { adapter: builtin(), weights: {} },
    );
    const { output, state } = await model.sequence([[[-3], [-5]]]);
    expect([...output.data]).toEqual([-3, -5]);
    expect((await state.toTypedArrays())["cell"]!["sign"]!.data[0]).toBe(-Infinity);
  });

  it("refuses use after dispose, with a code", async () => {
    const model = await make();
    const state = model.zeroState(2);
    state.dispose();
    state.dispose();
    await expect(model.step(column(0), state)).rejects.toThrow(
      'model "causal" step: expected a live state, got one that was disposed by dispose()',
    );
    model.dispose();
    model.dispose();
    for (const use of [
      () => model.sequence(ids),
      () => model.zeroState(1),
      () => model.stepInto(column(0).data, state, new Float32Array(10)),
    ])
      await expect(codeOf(use)).resolves.toBe("UNROLL_DISPOSED");
  });
});
