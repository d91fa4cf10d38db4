import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import type { Program } from "../contract/program.js";
import { type AttentionAttrs, attentionComposite } from "../layers/attention.js";
import { legalize } from "../program/legalize.js";
import { prepareSync } from "../program/prepare.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { builtin } from "./index.js";

const [TIME, SOURCE, BATCH, INPUT, SIZE] = [5, 7, 3, 6, 9];

interface Given {
  readonly source?: number;
  readonly attrs?: Partial<AttentionAttrs>;
  readonly masked?: boolean;
  readonly scale?: number;
}

const numbers = (shape: readonly number[], n: number): HostTensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(3 * k + n)),
    shape,
  );

function programOf({ source = SOURCE, attrs, masked, scale }: Given): Program {
  const p = new ProgramBuilder("attention");
  const float = (name: string, shape: readonly (number | string)[]) =>
    p.input(name, { dtype: "float32", shape });
  const [q, k, v] = [
    float("q", [TIME, "batch", INPUT]),
    float("k", [source, "batch", INPUT]),
    float("v", [source, "batch", SIZE]),
  ];
  const rest = {
    ...(masked ? { keyMask: p.input("keyMask", { dtype: "bool", shape: [source, "batch"] }) } : {}),
    ...(masked ? { queryMask: p.input("queryMask", { dtype: "bool", shape: [TIME, "batch"] }) } : {}),
    ...(scale === undefined ? {} : { scale: float("scale", []) }),
  };
  const how = { score: "scaledDot", causal: false, emptyRows: "zeros", ...attrs } as const;
  const { y, weights } = attentionComposite(p.block, q!, k!, v!, rest, how);
  p.output("y", y);
  p.output("weights", weights);
  return p.finish();
}

/** Key and value are NaN where a key is masked; the first sequence has no real key, the second gaps. */
const real = (s: number, b: number): boolean => b > 0 && (b === 2 || s % 3 !== 0);
const asked = (t: number, b: number): boolean => t !== 1 || b !== 2;

function feedsOf({ source = SOURCE, masked, scale }: Given): Record<string, HostTensor> {
  const [q, k, v] = [
    numbers([TIME, BATCH, INPUT], 0),
    numbers([source, BATCH, INPUT], 1),
    numbers([source, BATCH, SIZE], 2),
  ];
  const flags = (rows: number, of: (row: number, b: number) => boolean): HostTensor =>
    tensor(
      Array.from({ length: rows * BATCH }, (_, n) => of(Math.floor(n / BATCH), n % BATCH)),
      [rows, BATCH],
      "bool",
    );
  if (masked)
    for (let s = 0; s < source; s++)
      for (let b = 0; b < BATCH; b++)
        if (!real(s, b))
          for (const { data, shape } of [k, v]) {
            const row = shape[2]!;
            data.fill(NaN, (s * BATCH + b) * row, (s * BATCH + b + 1) * row);
          }
  return {
    ...{ q, k, v },
    ...(masked ? { keyMask: flags(source, real), queryMask: flags(TIME, asked) } : {}),
    ...(scale === undefined ? {} : { scale: tensor([scale], []) }),
  };
}

/** The rule in float64. */
function wanted(given: Given): { y: number[]; weights: number[] } {
  const { source = SOURCE, attrs = {}, masked = false, scale = 1 } = given;
  const { q, k, v } = feedsOf(given) as Record<"q" | "k" | "v", HostTensor>;
  const [y, weights] = [TIME * BATCH * SIZE, TIME * BATCH * source].map((size) =>
    new Array<number>(size).fill(0),
  );
  const root = attrs.score === "dot" ? 1 : Math.sqrt(INPUT);
  for (let t = 0; t < TIME; t++)
    for (let b = 0; b < BATCH; b++) {
      const steps = Array.from({ length: source }, (_, s) => s).filter(
        (s) => (!masked || real(s, b)) && (attrs.causal !== true || s <= t),
      );
      const fit = steps.map((s) => {
        let sum = 0;
        for (let j = 0; j < INPUT; j++)
          sum += q.data[(t * BATCH + b) * INPUT + j]! * k.data[(s * BATCH + b) * INPUT + j]!;
        return (sum / root) * scale;
      });
      const e = fit.map((one) => Math.exp(one - Math.max(...fit)));
      const total = e.reduce((a, one) => a + one, 0);
      steps.forEach((s, n) => {
        const share = e[n]! / total;
        weights![(t * BATCH + b) * source + s] = share;
        if (!masked || asked(t, b))
          for (let j = 0; j < SIZE; j++)
            y![(t * BATCH + b) * SIZE + j]! += share * v.data[(s * BATCH + b) * SIZE + j]!;
      });
    }
  return { y: y!, weights: weights! };
}

const givens: Readonly<Record<string, Given>> = {
  "of every step": {},
  "by a plain product": { attrs: { score: "dot" } },
  "scaled by a weight below 0": { scale: -2.5 },
  "with gaps, NaN in them and rows without a key": { masked: true },
  "of steps so far": { attrs: { causal: true }, source: TIME },
  "of steps so far, fewer than there are queries": { attrs: { causal: true }, source: 3 },
  "of steps so far with gaps": { attrs: { causal: true }, source: TIME, masked: true },
};

describe.each([
  ["SIMD", builtin({ simd: true })],
  ["loops", builtin({ simd: false })],
])("attention by %s", (_name, adapter) => {
  it.each(Object.keys(givens))("%s", async (name) => {
    const given = givens[name]!;
    const { nodes } = legalize(programOf(given), adapter);
    expect(nodes.map(({ kind }) => kind)).toEqual(["composite"]);
    const executable = prepareSync(adapter, programOf(given), {});
    const results = await executable.run(feedsOf(given));
    // Twice: what a run leaves in its memory is none of the next one's business.
    const again = await executable.run(feedsOf(given));
    const want = wanted(given);
    for (const output of ["y", "weights"] as const) {
      const { data } = results[output]!.readSync!();
      expect(again[output]!.readSync!().data).toEqual(data);
      want[output].forEach((one, k) => {
        // Nothing is exactly nothing.
        if (one === 0) expect(data[k], `${output} ${k}`).toBe(0);
        else expect(data[k], `${output} ${k}`).toBeCloseTo(one, 6);
      });
    }
  });

  it.each([
    ["additive scores", { score: "additive" }],
    ["the mean of rows without a key", { emptyRows: "mean" }],
  ] as const)("%s run as their parts", (_what, attrs) => {
    const { nodes } = legalize(programOf({ attrs, masked: true }), adapter);
    expect(nodes.some((node) => node.kind === "composite" && node.op === "attention")).toBe(false);
  });
});
