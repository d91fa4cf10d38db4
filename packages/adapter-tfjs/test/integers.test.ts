import { type HostTensor, type Program, ProgramBuilder, tensor, type Value } from "@unroll/api/adapter";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { TfjsExecutable } from "../src/executable.js";
import { assertIntegersHeld, assertPlacesHeld, assertTablesHeld } from "../src/integers.js";

const lookup = (rows: number, inScan: boolean): Program => {
  const p = new ProgramBuilder("lookup");
  const table = p.param("table", [rows, 2]);
  const ids = p.input("ids", { dtype: "int32", shape: ["time", "batch"] });
  const looked = inScan
    ? p.block.scan({ carries: [], sequences: [ids], captures: [table] }, (b, _carries, [id], [rows]) => ({
        carries: [],
        stacked: [b.gather(rows!, id!)],
      })).stacked[0]!
    : p.block.gather(table, ids);
  p.output("rows", looked);
  return p.finish();
};
const integers = (...data: number[]): HostTensor => ({
  dtype: "int32",
  shape: [data.length],
  data: Int32Array.from(data),
});

describe("integers in textures of 16 bits", () => {
  it("refuses a table that has ids beyond what half a float counts, when it is compiled", () => {
    expect(() => assertTablesHeld(lookup(2049, false))).not.toThrow();
    for (const inScan of [false, true])
      expect(() => assertTablesHeld(lookup(2050, inScan))).toThrow(
        /program "lookup": expected integers up to 2048.*got a table of 2050 rows; choose another backend/,
      );
  });

  it("refuses ids and lengths beyond it, and floats never", () => {
    const ids = (value: number): void => assertIntegersHeld('input "ids"', integers(1, value));
    expect(() => ids(2048)).not.toThrow();
    expect(() => ids(-2048)).not.toThrow();
    expect(() => ids(2049)).toThrow(/input "ids": expected integers up to 2048.*got 2049/);
    expect(() => ids(-4000)).toThrow(/got -4000/);
    expect(() => assertIntegersHeld("x", tensor(Float32Array.of(5000), [1]))).not.toThrow();
  });

  it("refuses them as weights, constants and feeds of a program, and where places are counted", async () => {
    await tf.setBackend("cpu");
    const device = {
      tf: tf as never,
      backend: "cpu",
      host: true,
      hostKernels: true,
      precision: "f16",
    } as const;
    const make = (build: (p: ProgramBuilder) => Value, weights = {}): TfjsExecutable => {
      const p = new ProgramBuilder("narrow");
      p.output("y", build(p));
      return new TfjsExecutable(device, p.finish(), weights);
    };
    const before = tf.memory().numTensors;
    expect(() => make((p) => p.block.constant([2049], [1], "int32"))).toThrow(/program "narrow": .*got 2049/);
    expect(() => make((p) => p.param("w", [1], "int32"), { w: integers(3000) })).toThrow(/got 3000/);
    const fed = make((p) => p.input("x", { dtype: "int32", shape: ["batch"] }));
    await expect(fed.run({ x: integers(2050) })).rejects.toThrow(/input "x": .*got 2050/);
    for (const build of [
      (p: ProgramBuilder) => p.block.iota(p.input("x", { dtype: "int32", shape: ["batch"] }), 0),
      (p: ProgramBuilder) => p.block.argmax(p.input("x", { dtype: "float32", shape: ["batch"] }), 0),
    ])
      await expect(make(build).run({ x: tensor(new Float32Array(2050), [2050]) })).rejects.toThrow(
        /got an axis of 2050/,
      );
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses to count the places of an axis that is longer", () => {
    expect(() => assertPlacesHeld("iota", 2049)).not.toThrow();
    expect(() => assertPlacesHeld("iota", 2050)).toThrow(
      /iota: expected integers up to 2048.*got an axis of 2050/,
    );
  });
});
