import { describe, expect, it } from "vitest";
import * as torch from "../index.js";

const x = torch.tensor([
  [1, 4],
  [3, 2],
]);

describe("functions that are methods too", () => {
  it("compute what the method does, with arguments as PyTorch has them", () => {
    expect(torch.chunk(x, 2, 1).map((part) => part.tolist())).toEqual([
      [[1], [3]],
      [[4], [2]],
    ]);
    expect(torch.clamp(x, 2, 3).tolist()).toEqual([
      [2, 3],
      [3, 2],
    ]);
    expect(torch.add(x, 1, { alpha: 2 }).tolist()).toEqual([
      [3, 6],
      [5, 4],
    ]);
    expect(torch.min(x, 1).map((one) => one.tolist())).toEqual([
      [1, 2],
      [0, 1],
    ]);
    expect(torch.cumsum(x, 0).tolist()).toEqual([
      [1, 4],
      [4, 6],
    ]);
  });

  it("refuse what the method refuses", () => {
    expect(() => torch.chunk(x, 0)).toThrow("chunk: expected a number of parts of at least 1");
    expect(() => (torch.cumsum as (...given: unknown[]) => unknown)(x, 0, 1)).toThrow("no further arguments");
  });
});
