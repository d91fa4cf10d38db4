import { readFileSync } from "node:fs";
import {
  attention,
  type AttentionSpec,
  compile,
  type HostTensor,
  input,
  multiHeadAttention,
  spec,
  type Spec,
  specWeights,
  State,
  type SteppableModel,
  streamPool,
  tensor,
  type WeightMap,
  whyNotSteppable,
} from "@unroll/api";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate, type Run } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { variants } from "./engines.js";

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly spec: Spec;
}

const folder = new URL("../fixtures/attention-window/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  readonly cases: readonly Recorded[];
};
const engines = Object.entries(variants);

function load({ file, spec: model }: Recorded) {
  const { tensors } = readSafetensors(readFileSync(new URL(file, folder)));
  const under = (prefix: string) =>
    Object.entries(tensors).flatMap(([key, held]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), held] as const] : [],
    );
  const lengths = tensors["lengths"] && Array.from(tensors["lengths"].data as Int32Array);
  const inputs = Object.fromEntries(
    model.inputs.map(({ name }) => [name, tensor(tensors[name]!.data as Float32Array, tensors[name]!.shape)]),
  );
  return {
    model,
    lengths,
    inputs,
    weights: fromTorch(model, Object.fromEntries(under("w."))).weights,
    run: { inputs, ...(lengths && { lengths: tensor(lengths, [lengths.length], "int32") }) } satisfies Run,
    want: under("f64.").map(([name, { data }]) => [name, data as Float64Array] as const),
  };
}

describe.each(cases.map((one) => [one.name, one] as const))("%s, recorded", (_name, recorded) => {
  const { model, weights, inputs, lengths, run, want } = load(recorded);

  it("is what the oracle computes, to 1e-12", () => {
    const { outputs, state } = evaluate(model, weights, run);
    for (const [name, data] of want) {
      const [, layer, part] = name.split(".");
      const got = name.startsWith("state.") ? state[layer!]![part!]! : outputs[name]!;
      expect(got.data.length, name).toBe(data.length);
      data.forEach((value, k) => expect(Math.abs(got.data[k]! - value), name).toBeLessThan(1e-12));
    }
  });

  it.each(engines)("is what %s computes, within the bound", async (_engine, make) => {
    const { exact, bounds } = deriveBounds(model, weights, run);
    const compiled = await compile(model, { adapter: make(), weights });
    const { outputs, state } = await compiled.sequence(inputs, lengths ? { lengths } : {});
    for (const [ref, one] of Object.entries(exact.outputs))
      expect(compareWithBound(outputs[ref]!, one, bounds.outputs[ref]!).errorOverBound, ref).toBeLessThan(1);
    const after = (await state.toTypedArrays())["layer"]!;
    for (const [part, one] of Object.entries(exact.state["layer"]!)) {
      const bound = bounds.state["layer"]![part]!;
      expect(compareWithBound(after[part]!, one, bound).errorOverBound, part).toBeLessThan(1);
    }
    compiled.dispose();
  });
});

const [BATCH, TIME, SIZE] = [3, 7, 4];
const wave = (shape: readonly number[], by: number): HostTensor<"float32"> =>
  tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(by * (k + 1))),
    shape,
  );
const weightsFor = (of: Spec): WeightMap =>
  Object.fromEntries(specWeights(of).map(({ name, shape }) => [name, wave(shape, name.length / 7)]));
const x = wave([BATCH, TIME, SIZE], 1.7);
const own = { query: "x", value: "x", inputSize: SIZE, causal: true, window: 3 } as const;

const scores: readonly Partial<AttentionSpec>[] = [
  { score: "dot" },
  { score: "scaledDot", scale: "scalar" },
  { score: "additive", scale: "vector", innerScale: "scalar" },
  { score: "general" },
  { score: "concat", scoreSize: 2 },
];
const looking = (layer: Parameters<typeof spec>[0]["layers"][number]): Spec =>
  spec({
    name: "looking",
    inputs: [input({ name: "x", shape: [SIZE] })],
    layers: [layer],
    outputs: [layer.name, `${layer.name}.weights`],
  });
const models: Readonly<Record<string, Spec>> = {
  "two heads": looking(multiHeadAttention({ name: "look", ...own, heads: 2, headSize: 3 })),
  ...Object.fromEntries(
    scores.map((score) => [`score ${score.score}`, looking(attention({ name: "look", ...own, ...score }))]),
  ),
};

type Outputs = Readonly<Record<string, HostTensor>>;

/** Steps from one on, of every row. */
function piece(from: number, to: number): HostTensor<"float32"> {
  const rows = Array.from({ length: BATCH }, (_, row) =>
    Array.from(x.data.subarray((row * TIME + from) * SIZE, (row * TIME + to) * SIZE)),
  );
  return tensor(rows.flat(), [BATCH, to - from, SIZE]);
}

/** Outputs of pieces [batch, steps, size] one after the other. */
function joined(pieces: readonly Outputs[], ref: string): HostTensor<"float32"> {
  const rows = Array.from({ length: BATCH }, (_, row) =>
    pieces.flatMap((one) => {
      const { data } = one[ref]!;
      return Array.from(data.subarray((row * data.length) / BATCH, ((row + 1) * data.length) / BATCH));
    }),
  );
  return tensor(rows.flat(), [BATCH, TIME, rows[0]!.length / TIME]);
}

describe.each(Object.entries(models))("a window, %s", (_title, model) => {
  const weights = weightsFor(model);
  const compiledOn = async (make: (typeof engines)[number][1]): Promise<SteppableModel> =>
    (await compile(model, { adapter: make(), weights })) as SteppableModel;

  /** Holds results against the oracle's, within the bound of the case. */
  async function hold(run: Run, of: (ref: string) => HostTensor, after: State): Promise<void> {
    const { exact, bounds } = deriveBounds(model, weights, run);
    for (const [ref, want] of Object.entries(exact.outputs))
      expect(compareWithBound(of(ref), want, bounds.outputs[ref]!).errorOverBound, ref).toBeLessThan(1);
    const parts = (await after.toTypedArrays())["look"]!;
    for (const [part, want] of Object.entries(exact.state["look"]!)) {
      const bound = bounds.state["look"]![part]!;
      expect(compareWithBound(parts[part]!, want, bound).errorOverBound, part).toBeLessThan(1);
    }
  }

  it.each(engines)("is the same whole, in pieces and by steps on %s", async (_engine, make) => {
    const compiled = await compiledOn(make);
    const whole = await compiled.sequence(x);
    await hold({ inputs: { x } }, (ref) => whole.outputs[ref]!, whole.state);

    const pieces: Outputs[] = [];
    let carried = compiled.zeroState(BATCH);
    for (const [from, to] of [
      [0, 1],
      [1, 5],
      [5, 7],
    ] as const) {
      const result = await compiled.sequence(piece(from, to), { state: carried });
      pieces.push(result.outputs);
      carried = result.state;
    }
    await hold({ inputs: { x } }, (ref) => joined(pieces, ref), carried);

    const steps: Outputs[] = [];
    let state = compiled.zeroState(BATCH);
    for (let t = 0; t < TIME; t++) {
      const result = await compiled.step(tensor(piece(t, t + 1).data, [BATCH, SIZE]), state);
      steps.push(result.outputs);
      state = result.state;
    }
    await hold({ inputs: { x } }, (ref) => joined(steps, ref), state);
    compiled.dispose();
  });

  it.each(engines)("leaves steps out that are not there, on %s", async (_engine, make) => {
    const compiled = await compiledOn(make);
    const lengths = tensor([TIME, 2, 5], [BATCH], "int32");
    const ended = await compiled.sequence(x, { lengths: lengths.data });
    await hold({ inputs: { x }, lengths }, (ref) => ended.outputs[ref]!, ended.state);
    const gaps = [1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
    const mask = tensor(gaps, [BATCH, TIME], "bool");
    const masked = await compiled.sequence(x, { mask });
    await hold({ inputs: { x }, mask }, (ref) => masked.outputs[ref]!, masked.state);
    const { count } = (await masked.state.toTypedArrays<"int32">())["look"]!;
    expect([...count!.data]).toEqual([2, 2, 0]);
    compiled.dispose();
  });

  it.each(engines)("takes counts that no cache has for the nearest that one has, on %s", async (_e, make) => {
    const compiled = await compiledOn(make);
    const { look } = await compiled.zeroState(BATCH).toTypedArrays();
    const state = {
      look: {
        key: wave(look!["key"]!.shape, 0.7),
        value: wave(look!["value"]!.shape, 0.3),
        count: tensor([-5, 1, 9], [BATCH], "int32"),
      },
    };
    const result = await compiled.sequence(x, { state });
    await hold({ inputs: { x }, state }, (ref) => result.outputs[ref]!, result.state);
    compiled.dispose();
  });

  it("is the same to the bit whole and by steps on the builtin engine, beside a NaN too", async () => {
    const compiled = await compiledOn(variants["builtin"]!);
    const spoilt = tensor(x.data.slice(), x.shape);
    spoilt.data[(TIME + 3) * SIZE] = NaN;
    const whole = await compiled.sequence(spoilt);
    let state = compiled.zeroState(BATCH);
    const steps: Outputs[] = [];
    for (let t = 0; t < TIME; t++) {
      const frame = Array.from({ length: BATCH }, (_, row) =>
        Array.from(spoilt.data.subarray((row * TIME + t) * SIZE, (row * TIME + t + 1) * SIZE)),
      );
      const result = await compiled.step(tensor(frame.flat(), [BATCH, SIZE]), state);
      steps.push(result.outputs);
      state = result.state;
    }
    const bad = whole.output.data.map((value) => Number(Number.isNaN(value)));
    const size = bad.length / BATCH / TIME;
    for (const ref of model.outputs) expect(joined(steps, ref).data).toEqual(whole.outputs[ref]!.data);
    // Steps 3, 4 and 5 of the second row see it.
    expect([...bad]).toEqual(
      Array.from({ length: bad.length }, (_, k) => {
        const step = Math.floor(k / size) - TIME;
        return Number(step >= 3 && step <= 5);
      }),
    );
    compiled.dispose();
  });
});

describe("a window of attention", () => {
  const heads = models["two heads"]!;

  it.each(engines)("keeps streams of one pool apart on %s", async (_engine, make) => {
    const [weights, adapter] = [weightsFor(heads), make()];
    const compiled = (await compile(heads, { adapter, weights })) as SteppableModel;
    const pool = streamPool(compiled, { capacity: BATCH });
    const { exact, bounds } = deriveBounds(heads, weights, { inputs: { x } });
    const [want, bound] = [exact.outputs["look"]!, bounds.outputs["look"]!];
    const frame = (t: number, row: number): number[] => [
      ...piece(t, t + 1).data.subarray(row * SIZE, (row + 1) * SIZE),
    ];
    for (let row = 0; row < BATCH; row++) pool.open(row);
    for (let at = 0; at < TIME + BATCH; at++) {
      // Each stream is a step behind the one before it.
      const rows = [0, 1, 2].filter((row) => at - row >= 0 && at - row < TIME);
      if (rows.length === 0) continue;
      const frames = rows.flatMap((row) => frame(at - row, row));
      const { output } = await pool.step(rows, tensor(frames, [rows.length, SIZE]));
      rows.forEach((row, k) => {
        const from = (row * TIME + at - row) * SIZE;
        const part = ({ data }: typeof want) => ({ shape: [SIZE], data: data.slice(from, from + SIZE) });
        const got = tensor([...output.data.subarray(k * SIZE, (k + 1) * SIZE)], [SIZE]);
        expect(compareWithBound(got, part(want), part(bound)).errorOverBound).toBeLessThan(1);
      });
    }
    compiled.dispose();
  });

  it("is stepped in place on the builtin engine, to the bit", async () => {
    const [weights, adapter] = [weightsFor(heads), variants["builtin"]!()];
    const alone = { ...heads, outputs: ["look"] };
    const compiled = (await compile(alone, { adapter, weights })) as SteppableModel;
    const { output } = await compiled.sequence(x);
    const state = compiled.zeroState(BATCH);
    const frames = Array.from({ length: TIME }, (_, t) => {
      const out = new Float32Array(BATCH * SIZE);
      compiled.stepInto(piece(t, t + 1).data, state, out);
      return { look: tensor(out, [BATCH, SIZE]) };
    });
    expect(joined(frames, "look").data).toEqual(output.data);
    compiled.dispose();
  });

  it.each(engines)(
    "has no step before a NaN spoilt by it, nor where all of the past is seen, on %s",
    async (_e, make) => {
      const heads = { heads: 2, headSize: 2, window: null } as const;
      for (const layer of [
        attention({ name: "look", ...own, window: null }),
        attention({ name: "look", ...own, window: null, score: "additive" }),
        multiHeadAttention({ name: "look", ...own, ...heads }),
      ]) {
        const model = looking(layer);
        const [weights, adapter] = [weightsFor(model), make()];
        const compiled = await compile(model, { adapter, weights });
        for (const bad of [NaN, Infinity]) {
          const spoilt = tensor(x.data.slice(), x.shape);
          spoilt.data[4 * SIZE] = bad;
          const { outputs } = await compiled.sequence(spoilt);
          const { exact, bounds } = deriveBounds(model, weights, { inputs: { x } });
          const before = ({ data }: Pick<HostTensor, "data"> | { data: Float64Array }): Float64Array =>
            Float64Array.from(data.subarray(0, 4 * SIZE));
          const shape = [4, SIZE];
          const got = tensor([...before(outputs["look"]!)], shape);
          const want = { shape, data: before(exact.outputs["look"]!) };
          const bound = { shape, data: before(bounds.outputs["look"]!) };
          expect(compareWithBound(got, want, bound).errorOverBound).toBeLessThan(1);
          expect(Number.isFinite(outputs["look"]!.data[4 * SIZE])).toBe(false);
        }
        compiled.dispose();
      }
    },
  );

  const refused = (layer: Partial<AttentionSpec>): (() => Spec) => {
    const given = { name: "look", ...own, ...layer };
    return () => looking(attention(given as AttentionSpec));
  };
  it("is refused where nothing is causal, where it is of one step, and of another size", () => {
    expect(refused({ causal: false })).toThrow(
      "window: expected null, as the layer is not causal, got 3; say causal: true",
    );
    expect(refused({ window: 1 })).toThrow("window: expected 2 steps at least, got 1");
    expect(refused({ valueSize: 3 })).toThrow("valueSize: expected 4, the size of value, got 3");
    expect(refused({ causal: true, window: null, valueSize: 3 })).toThrow(
      "valueSize: expected null without a window, got 3",
    );
  });

  it("is what causal attention says it lacks to be stepped", () => {
    expect(whyNotSteppable(refused({ window: null })())).toBe(
      'attention "look" looks at every step of "time" so far; a window of it can be stepped',
    );
    expect(whyNotSteppable(heads)).toBeNull();
  });
});
