import { describe, expect, it } from "vitest";
import * as torch from "../index.js";
import { F, nn } from "../index.js";

describe("the transpose of a matrix", () => {
  const filled = (...shape: number[]): torch.Tensor => torch.randn(shape);

  it.each([[[3]], [[1, 3]], [[2, 2, 3]], [[8, 3]], [[9, 3]], [[2, 5, 3]]])(
    "of rows %j has the product of its copy, to the bit",
    (shape) => {
      const [x, w] = [filled(...shape), filled(4, 3)];
      const product = x.matmul(w.transpose(0, 1));
      expect(x.matmul(w.t()).shape).toEqual([...shape.slice(0, -1), 4]);
      expect(x.matmul(w.t()).data).toEqual(product.data);
      expect(F.linear(x, w).data).toEqual(product.data);
    },
  );

  it("never holds what its matrix held before", () => {
    const w = new nn.Parameter(torch.eye(2));
    const x = torch.tensor([[1, 2]]);
    const turned = w.t();
    const all = (): unknown => [
      x.matmul(turned).tolist(),
      F.linear(x, w).tolist(),
      turned.add(0).tolist(),
      turned.tolist(),
      turned.at(0).tolist(),
      [...turned.data],
    ];
    const own = (product: number[], matrix: number[][]): unknown => [
      [product],
      [product],
      matrix,
      matrix,
      matrix[0],
      matrix.flat(),
    ];
    const [ones, five, seven] = [
      [
        [1, 0],
        [0, 1],
      ],
      [
        [0, 0],
        [5, 0],
      ],
      [
        [0, 0],
        [7, 0],
      ],
    ];
    expect(all()).toEqual(own([1, 2], ones!));
    w.load([0, 5, 0, 0]);
    expect(all()).toEqual(own([10, 0], five!));
    w.data[1] = 7;
    expect(all()).toEqual(own([14, 0], seven!));
    nn.init.constant_(w, 3);
    expect(x.matmul(turned).tolist()).toEqual([[9, 9]]);
  });

  it("is a tensor like any other", () => {
    const w = torch.arange(6).float().view(2, 3);
    const columns = [
      [0, 3],
      [1, 4],
      [2, 5],
    ];
    expect([w.t().shape, w.t().dtype, w.T.tolist()]).toEqual([[3, 2], "float32", columns]);
    expect(w.t().t().tolist()).toEqual(w.tolist());
    expect(String(w.t())).toBe(String(w.transpose(0, 1)));
    expect(w.t().matmul(w).tolist()).toEqual(w.transpose(0, 1).matmul(w).tolist());
    expect(new nn.Parameter(w.t()).tolist()).toEqual(columns);
    expect(w.t().clone().tolist()).toEqual(columns);
    expect(w.long().t().tolist()).toEqual(columns);
    expect(() => torch.zeros(2, 4).matmul(w.t())).toThrow("[2, 4] and [3, 2]");
    expect(() => (w.t() as unknown as { nothing(): void }).nothing()).toThrow("nothing");
  });

  it("is read anew at each run where an attribute holds it", async () => {
    class Held extends nn.Module {
      weight = new nn.Parameter(torch.eye(2));
      turned = this.weight.t();
      forward(x: torch.Tensor): torch.Tensor {
        return x.matmul(this.turned).add(x.matmul(this.weight.t()));
      }
    }
    const module = new Held();
    const x = torch.tensor([[1, 2]]);
    expect((await module.run(x)).tolist()).toEqual([[2, 4]]);
    module.weight.load([0, 5, 0, 0]);
    expect((await module.run(x)).tolist()).toEqual([[20, 0]]);
    expect(module.call(x).tolist()).toEqual([[20, 0]]);
  });
});
