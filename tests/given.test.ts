import {
  compile,
  dense,
  gruCell,
  type HostTensor,
  input,
  lstmCell,
  recurrent,
  spec,
  type Spec,
  specWeights,
  State,
  tensor,
} from "@unroll/api";
import { type Adapter, prepare, ProgramBuilder } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

const [BATCH, TIME, SIZE] = [2, 3, 3];

const small = (): Spec =>
  spec({
    name: "small",
    inputs: [input({ name: "x", shape: [SIZE] })],
    layers: [
      recurrent({ name: "one", input: "x", cell: lstmCell({ inputSize: SIZE, units: 4 }) }),
      recurrent({ name: "two", input: "one", cell: gruCell({ inputSize: 4, units: 5 }) }),
      dense({ name: "out", input: "two", inputSize: 5, units: 2 }),
    ],
  });

/** How a caller may hold the numbers of a tensor. */
const holdings: Readonly<Record<string, (values: Float32Array) => Float32Array>> = {
  "an array of its own": (values) => values.slice(),
  "a view into a larger buffer": (values) => {
    const larger = new Float32Array(values.length + 7).fill(1000);
    larger.set(values, 3);
    return larger.subarray(3, 3 + values.length);
  },
  "a view into a Node Buffer": (values) => {
    const bytes = Buffer.alloc(values.byteLength + 16, 0x7f);
    new Float32Array(bytes.buffer, bytes.byteOffset + 8, values.length).set(values);
    return new Float32Array(bytes.buffer, bytes.byteOffset + 8, values.length);
  },
};

type Hold = (values: Float32Array) => Float32Array;

const filled = (shape: readonly number[], seed: number, hold: Hold): HostTensor => ({
  dtype: "float32",
  shape: [...shape],
  data: hold(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k * 1.3 + seed)),
  ),
});

const weightsOf = (seed: number, hold: Hold = (values) => values): Record<string, HostTensor> =>
  Object.fromEntries(specWeights(small()).map(({ name, shape }, n) => [name, filled(shape, seed + n, hold)]));

const plainState = (hold: Hold): Record<string, Record<string, HostTensor>> => ({
  one: { h: filled([BATCH, 4], 21, hold), c: filled([BATCH, 4], 22, hold) },
  two: { h: filled([BATCH, 5], 23, hold) },
});

/** What owners may do to what they gave, as deep as it goes: other numbers and sizes, no names, no memory. */
function spoil(given: unknown): void {
  if (typeof given !== "object" || given === null) return;
  if (ArrayBuffer.isView(given)) {
    (given as Float32Array).fill(77);
    if (!(given instanceof Uint8Array))
      structuredClone(given.buffer, { transfer: [given.buffer as ArrayBuffer] });
    return;
  }
  const record = given as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    spoil(record[key]);
    if (typeof record[key] === "number") record[key] = 99;
    else if (!Array.isArray(record[key])) delete record[key];
  }
}

/** Starts a run, spoils what it was given, and waits for it. */
async function spoiled<T>(given: readonly unknown[], run: () => Promise<T>): Promise<T> {
  const running = run();
  for (const one of given) spoil(one);
  return running;
}

const numbers = async ({ output, state }: { output: HostTensor; state: State }): Promise<unknown> => ({
  output,
  state: await state.toTypedArrays(),
});

describe.each(Object.entries(engines))("what %s is given", (_engine, make) => {
  const fresh = (): ReturnType<typeof compile<Spec>> =>
    compile(small(), { adapter: make(), weights: weightsOf(1) });

  describe.each(Object.entries(holdings))("as %s", (_how, hold) => {
    it("to a sequence is taken: x, lengths, state and the options", async () => {
      const model = await fresh();
      const given = (): [HostTensor, { lengths: Int32Array; state: ReturnType<typeof plainState> }] => [
        filled([BATCH, TIME, SIZE], 5, hold),
        { lengths: Int32Array.of(9, 2, 3, 9).subarray(1, 3), state: plainState(hold) },
      ];
      const want = await numbers(await model.sequence(...given()));
      const late = given();
      expect(await numbers(await spoiled(late, () => model.sequence(...late)))).toEqual(want);
      model.dispose();
    });

    it("to a step is taken, the state as well", async () => {
      const model = await fresh();
      const given = (): [HostTensor, ReturnType<typeof plainState>] => [
        filled([BATCH, SIZE], 6, hold),
        plainState(hold),
      ];
      const want = await numbers(await model.step(...given()));
      const late = given();
      expect(await numbers(await spoiled(late, () => model.step(...late)))).toEqual(want);
      model.dispose();
    });

    it("to steps of a stream is taken when they are asked for, wherever they queue", async () => {
      const model = await fresh();
      const outputs = async (after: (given: unknown) => void): Promise<HostTensor[]> => {
        const first = plainState(hold);
        const stream = model.stream({ state: first });
        after(first);
        const one = filled([BATCH, SIZE], 7, hold);
        const two = filled([BATCH, SIZE], 8, hold);
        const steps = [stream.step(one), stream.step(two)];
        after([one, two]);
        const again = plainState(hold);
        stream.reset(again);
        after(again);
        const three = filled([BATCH, SIZE], 9, hold);
        steps.push(stream.step(three));
        after(three);
        const results = await Promise.all(steps);
        stream.dispose();
        return results;
      };
      const want = await outputs(() => undefined);
      expect(await outputs(spoil)).toEqual(want);
      model.dispose();
    });

    it("to compile and rebind is taken: spec, weights and options", async () => {
      const x = filled([BATCH, TIME, SIZE], 5, (values) => values);
      const frame = filled([BATCH, SIZE], 6, (values) => values);
      const model = await fresh();
      const want = await numbers(await model.sequence(x));
      const wantStep = await numbers(await model.step(frame, model.zeroState(BATCH)));
      await model.rebind(weightsOf(2));
      const wantRebound = await numbers(await model.sequence(x));
      const [source, options] = [structuredClone(small()), { adapter: make(), weights: weightsOf(1, hold) }];
      const late = await spoiled([options.weights], () => compile(source, options));
      // An adapter is no plain data.
      (options as { adapter: unknown }).adapter = null;
      spoil(source);
      expect(await numbers(await late.sequence(x))).toEqual(want);
      expect(await numbers(await late.step(frame, late.zeroState(BATCH)))).toEqual(wantStep);
      const next = weightsOf(2, hold);
      await spoiled([next], () => late.rebind(next));
      expect(await numbers(await late.sequence(x))).toEqual(wantRebound);
      model.dispose();
      late.dispose();
    });
  });

  it("as a mask, in a tensor on a Node Buffer or as nested arrays, is taken", async () => {
    const model = await fresh();
    const x = (): HostTensor => filled([BATCH, TIME, SIZE], 5, (values) => values);
    const nested = (): boolean[][] => [
      [true, false, true],
      [true, true, false],
    ];
    const want = await numbers(await model.sequence(x(), { mask: nested() }));
    const late = nested();
    const running = model.sequence(x(), { mask: late });
    late[0]!.fill(true);
    late.length = 0;
    expect(await numbers(await running)).toEqual(want);
    const bytes = { dtype: "bool", shape: [BATCH, TIME], data: Buffer.from([1, 0, 1, 1, 1, 0]) } as const;
    expect(await numbers(await spoiled([bytes.data], () => model.sequence(x(), { mask: bytes })))).toEqual(
      want,
    );
    model.dispose();
  });

  it("to a program without a model around it is taken", async () => {
    const program = doubled();
    const executable = await prepare(make(), program, {});
    const view = holdings["a view into a larger buffer"]!(Float32Array.of(1, 2, 3, 4));
    const x = { dtype: "float32", shape: [2, 2], data: view } as const;
    const { y } = await spoiled([x], () => executable.run({ x }));
    expect((await y!.read()).data).toEqual(Float32Array.of(2, 4, 6, 8));
    y!.dispose();
    executable.dispose();
  });
});

function doubled(): ReturnType<ProgramBuilder["finish"]> {
  const b = new ProgramBuilder("doubled");
  const x = b.input("x", { dtype: "float32", shape: ["batch", 2] });
  b.output("y", b.block.add(x, x));
  return b.finish();
}

describe("a state that stepInto goes on with", () => {
  it("is, for a step asked for before, what it was then", async () => {
    const adapter: Adapter = engines["builtin"]!();
    const model = await compile(small(), { adapter, weights: weightsOf(1) });
    const x = filled([1, SIZE], 6, (values) => values);
    const want = await numbers(await model.step(x, model.zeroState(1)));
    const state = model.zeroState(1);
    const running = model.step(x, state);
    model.stepInto(tensor([3, 2, 1]).data, state, new Float32Array(2));
    expect(await numbers(await running)).toEqual(want);
  });

  it("is what it was then for a step of an engine that takes its time", async () => {
    const { compile: start, ...rest } = engines["builtin"]!();
    delete rest.compileSync;
    const slow: Adapter = {
      ...rest,
      compile: start,
      capabilities: { ...rest.capabilities, synchronous: false },
    };
    const weights = weightsOf(1);
    const [model, other] = [
      await compile(small(), { adapter: slow, weights }),
      await compile(small(), { adapter: engines["builtin"]!(), weights }),
    ];
    const x = filled([1, SIZE], 6, (values) => values);
    const { state } = await model.step(x, model.zeroState(1));
    const kept = State.fromTypedArrays(await state.toTypedArrays());
    const want = await numbers(await model.step(x, kept));
    const out = new Float32Array(2);
    const first = model.step(x, state);
    other.stepInto(tensor([3, 2, 1]).data, state, out);
    expect(await numbers(await first)).toEqual(want);
    const changed = State.fromTypedArrays(await state.toTypedArrays());
    const next = await numbers(await model.step(x, changed));
    expect(next).not.toEqual(want);
    const second = model.step(x, state);
    other.stepInto(tensor([1, 1, 1]).data, state, out);
    expect(await numbers(await second)).toEqual(next);
  });
});
