import { describe, expect, it } from "vitest";
import { ones, zeros } from "./creation.js";
import { keptPrograms } from "./eager.js";

describe("operations run at once", () => {
  it("keep a bounded number of programs, whatever shapes come", () => {
    let x = ones(1, 1);
    for (let k = 0; k < 100_000; k++) {
      // A new shape every 20 operations, of many more shapes than programs are kept.
      if (k % 20 === 0) x = ones(1 + (k % 30), 1 + (Math.floor(k / 30) % 97));
      x = k % 2 === 0 ? x.add(1) : x.mul(0.5);
    }
    expect(keptPrograms()).toBeLessThanOrEqual(512);
    expect(keptPrograms()).toBeGreaterThan(100);
  });

  it("keep fewer of large operands: their memory is bounded too", () => {
    for (let k = 0; k < 12; k++) ones(700 + k, 700).add(1);
    expect(keptPrograms()).toBeLessThan(10);
    expect(ones(2).add(1).tolist()).toEqual([2, 2]);
  });

  it("give the same with a program that was dropped and made again", () => {
    const first = ones(3).add(2);
    for (let k = 1; k <= 600; k++) zeros(k).sub(1);
    expect(ones(3).add(2).tolist()).toEqual(first.tolist());
    expect(zeros(1).sub(1).tolist()).toEqual([-1]);
  });

  it("tell operands of one key and size apart by shape and dtype", () => {
    const [column, row] = [ones(2, 1), ones(1, 2)];
    for (let k = 0; k < 3; k++) {
      expect(column.add(row).shape).toEqual([2, 2]);
      expect(column.add(column).shape).toEqual([2, 1]);
      expect(ones(2).long().add(ones(2).long()).dtype).toBe("int32");
      expect(ones(2).add(ones(2)).dtype).toBe("float32");
    }
  });

  it("leave a result that was given out as it is", () => {
    const first = ones(2).add(1);
    ones(2).mul(7).add(1);
    expect(first.tolist()).toEqual([2, 2]);
  });
});
