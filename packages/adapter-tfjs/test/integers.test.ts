import { type HostTensor, type Program, ProgramBuilder, tensor } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
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

  it("refuses to count the places of an axis that is longer", () => {
    expect(() => assertPlacesHeld("iota", 2049)).not.toThrow();
    expect(() => assertPlacesHeld("iota", 2050)).toThrow(
      /iota: expected integers up to 2048.*got an axis of 2050/,
    );
  });
});
