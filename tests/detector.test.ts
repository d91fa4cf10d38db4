import { readFile } from "node:fs/promises";
import { type Spec, tensor, type HostTensor } from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import { fromTorch, readSafetensors } from "@unroll/api/weights";
import { compareWithBound, deriveBounds, evaluate } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

const { loadDetector, model, FRAME } = (await import(
  /* @vite-ignore */ new URL("../examples/detector/detector.mjs", import.meta.url).href
)) as {
  FRAME: number;
  model: Spec;
  loadDetector(of: { adapter: Adapter; file: Uint8Array }): Promise<{
    whole(samples: HostTensor): Promise<HostTensor>;
    listen(): (samples: ArrayLike<number>) => Promise<Float32Array>;
    dispose(): void;
  }>;
};

const folder = new URL("../fixtures/models/detector/", import.meta.url);
const file = await readFile(new URL("detector.safetensors", folder));
const expected = readSafetensors(await readFile(new URL("expected.safetensors", folder))).tensors;
const recorded = expected["samples"]!;
const samples = tensor(recorded.data as Float32Array, [...recorded.shape, 1]);
const likely = expected["f64.likelihood"]!.data as Float64Array;
const on = expected["on"]!.data as Float32Array;
const { weights } = fromTorch(model, readSafetensors(file).tensors);
const run = { inputs: { samples } };

describe("the detector of examples/detector, trained in PyTorch", () => {
  it("is what the equations say PyTorch computed, to 1e-12, and hears tones", () => {
    const { data } = evaluate(model, weights, run).outputs["tone"]!;
    data.forEach((value, k) => expect(Math.abs(value - likely[k]!)).toBeLessThan(1e-12));
    const right = likely.filter((value, k) => value > 0.5 === on[k]! > 0.5).length;
    expect(right / likely.length).toBeGreaterThan(0.85);
  });

  it.each(Object.entries(engines))("hears the same whole and piece by piece on %s", async (_name, make) => {
    const { exact, bounds } = deriveBounds(model, weights, run);
    const held = (what: string, got: HostTensor): void => {
      const { errorOverBound } = compareWithBound(got, exact.outputs["tone"]!, bounds.outputs["tone"]!);
      expect(errorOverBound, what).toBeLessThan(1);
    };
    const detector = await loadDetector({ adapter: make(), file });
    held("whole", await detector.whole(samples));
    const heard = [0, 1].flatMap(async (row) => {
      const listen = detector.listen();
      const own = samples.data.subarray(row * 1600, (row + 1) * 1600);
      const frames: number[] = [];
      for (let at = 0, pieces = 1; at < own.length; pieces = (pieces % 7) + 1) {
        const next = Math.min(at + pieces * FRAME, own.length);
        frames.push(...(await listen(own.subarray(at, next) as Float32Array)));
        at = next;
      }
      return frames;
    });
    held("piece by piece", tensor((await Promise.all(heard)).flat(), exact.outputs["tone"]!.shape));
    detector.dispose();
  });
});
