import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { Chain, stepNames as names } from "../../../../tests/torch-chains.js";
import { nn, Tensor } from "./index.js";

describe("forward", () => {
  it("gives at once what it gives traced", async () => {
    const chain = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(11)), { minLength: 1, maxLength: 6 });
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    let met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(chain, shape, fc.nat(1000), async (drawn, sizes, seed) => {
        met = new Set([...met, ...drawn.map(([step]) => step)]);
        torch.manualSeed(seed);
        const x = torch.randn(sizes);
        const module = new Chain(drawn);
        const [now, traced] = [module.call(x), await module.run(x)];
        expect(traced.shape).toEqual(now.shape);
        // The same kernels on the same numbers.
        expect(traced.data).toEqual(now.data);
        module.dispose();
      }),
      { numRuns: 150, seed: 14 },
    );
    expect([...met].sort()).toEqual([...names].sort());
  });

  it("sees another parameter and other values of one", async () => {
    const module = new Chain([["own", 0]]) as Chain & { own: nn.Parameter };
    const x = torch.tensor([2, 4]);
    const results = async (): Promise<unknown> => [
      (await module.run(x)).view(-1).tolist(),
      module.call(x).view(-1).tolist(),
    ];
    expect(await results()).toEqual([
      [1.5, 3],
      [1.5, 3],
    ]);
    module.own.load([2]);
    expect(await results()).toEqual([
      [4, 8],
      [4, 8],
    ]);
    (module as { own: nn.Parameter }).own = new nn.Parameter(torch.tensor([-1]));
    expect(await results()).toEqual([
      [-2, -4],
      [-2, -4],
    ]);
  });

  it("reads a tensor in an attribute anew, and leaves attributes as they were where it refuses", async () => {
    class Keeping extends nn.Module {
      held = torch.tensor([1, 1]);
      write = false;
      forward(x: Tensor): Tensor {
        const sum = x.add(this.held.mul(2));
        if (this.write) this.held = sum;
        return sum;
      }
    }
    const module = new Keeping();
    const x = torch.tensor([1, 2]);
    expect((await module.run(x)).tolist()).toEqual([3, 4]);
    module.held.data[0] = 5;
    expect((await module.run(x)).tolist()).toEqual([11, 4]);
    module.write = true;
    await expect(module.run(x)).rejects.toThrow("expected no attribute to be written, got this.held");
    expect(module.held.tolist()).toEqual([5, 1]);
    expect(module.call(x).tolist()).toEqual([11, 4]);
    expect(module.call(x).tolist()).toEqual([23, 10]);
  });

  it("is called again in the same form and in others", () => {
    const cell = new nn.LSTMCell(2, 3);
    torch.manualSeed(1);
    const weights = cell.namedParameters().map(([name, { shape }]) => [name, torch.randn(shape)] as const);
    cell.loadStateDict(Object.fromEntries(weights));
    const [x, h, c] = [torch.randn(1, 2), torch.randn(1, 3), torch.randn(1, 3)];
    const [once] = cell.call(x, [h, c]);
    const times = (factor: number) =>
      Object.fromEntries(weights.map(([name, value]) => [name, value.mul(factor)]));
    expect(cell.call(x, [h, c])[0].tolist()).toEqual(once.tolist());
    cell.loadStateDict(times(2));
    expect(cell.call(x, [h, c])[0].tolist()).not.toEqual(once.tolist());
    cell.loadStateDict(times(1));
    expect(cell.call(x, [h, c])[0].tolist()).toEqual(once.tolist());
    const [zeros] = cell.call(x);
    expect(zeros.tolist()).not.toEqual(once.tolist());
    const rows = cell.call(torch.cat([x, x]), [torch.cat([h, h]), torch.cat([c, c])])[0];
    expect(rows.tolist()).toEqual([once.tolist(), once.tolist()].flat());
    expect(() => cell.call(x, [h, torch.zeros(2, 3)])).toThrow("expected float32 [1, 3], got float32 [2, 3]");
    const table = new nn.Embedding(2, 1);
    table.loadStateDict({ weight: torch.tensor([[0.5], [1.5]]) });
    expect(table.call(torch.tensor([1], { dtype: "long" })).tolist()).toEqual([[1.5]]);
    expect(table.call(torch.tensor([1])).tolist()).toEqual([[1.5]]);
    expect(() => table.call(torch.tensor([0.5]))).toThrow("expected whole numbers (ids), got float32");
  });

  it("refuses values of what was there before, which would be frozen", async () => {
    const reads: Readonly<Record<string, (x: Tensor, held: Tensor) => Tensor>> = {
      item: (x, held) => x.mul(held.at(0).item()),
      tolist: (x, held) => x.mul((held.tolist() as number[])[0]!),
      tensor: (x, held) => x.mul(torch.tensor(held)),
      flags: (x, held) => x.at(held.gt(0)),
    };
    class Reading extends nn.Module {
      readonly held = torch.tensor([1, 2]);
      readonly flags = torch.tensor([true, false]);
      constructor(readonly read: (x: Tensor, held: Tensor) => Tensor) {
        super();
      }
      forward(x: Tensor): Tensor {
        return this.read(x.view(-1), this.held);
      }
    }
    for (const read of [
      ...Object.values(reads),
      (x: Tensor, held: Tensor) => x.narrow(0, 0, held.size(0) - 1),
    ]) {
      const module = new Reading(read);
      const now = module.call(torch.tensor([3, 4])).tolist();
      const traced = await module.run(torch.tensor([3, 4])).then(
        (result) => result.tolist(),
        (error: Error) => error.message,
      );
      if (Object.values(reads).includes(read)) expect(traced).toMatch(/got (the values of|its value)/);
      else expect(traced).toEqual(now);
    }
    const copied = new Reading((x, held) => x.mul(held.clone()));
    expect((await copied.run(torch.tensor([3, 4]))).tolist()).toEqual([3, 8]);
    copied.held.data[0] = 5;
    expect((await copied.run(torch.tensor([3, 4]))).tolist()).toEqual([15, 8]);
  });

  it("sees whatever an attribute holds as it is at each run", async () => {
    class Holding extends nn.Module {
      bias: torch.HostTensor = { dtype: "float32", shape: [2], data: Float32Array.of(1, 2) };
      act = (x: Tensor): Tensor => x.neg();
      table = Float32Array.of(10);
      forward(x: Tensor): Tensor {
        return this.act(x.view(-1).add(this.bias)).add(torch.tensor(this.table));
      }
    }
    const module = new Holding();
    const results = async (): Promise<unknown> => {
      const [now, traced] = [module.call(torch.tensor([0, 0])), await module.run(torch.tensor([0, 0]))];
      expect(traced.tolist()).toEqual(now.tolist());
      return now.tolist();
    };
    expect(await results()).toEqual([9, 8]);
    module.bias.data[0] = 3;
    expect(await results()).toEqual([7, 8]);
    module.bias = { dtype: "float32", shape: [2], data: Float32Array.of(0, 5) };
    expect(await results()).toEqual([10, 5]);
    module.act = (x) => x.abs();
    expect(await results()).toEqual([10, 15]);
    module.table[0] = 0;
    expect(await results()).toEqual([0, 5]);
  });

  it("takes lengths as an array of any kind, and refuses arguments that it can't look into", async () => {
    class Ragged extends nn.Module {
      readonly lstm = new nn.LSTM(1, 2);
      forward(x: Tensor, lengths: torch.Lengths, ..._more: unknown[]): Tensor {
        return this.lstm.call(torch.packPaddedSequence(x.view(-1, 1, 1), lengths))[1][0].view(-1);
      }
    }
    const module = new Ragged();
    torch.manualSeed(5);
    module.loadStateDict(
      Object.fromEntries(module.namedParameters().map(([name, { shape }]) => [name, torch.randn(shape)])),
    );
    const x = torch.randn(4);
    for (const length of [4, 2])
      for (const lengths of [[length], Int32Array.of(length), torch.tensor([length], { dtype: "long" })])
        expect((await module.run(x, lengths as never)).tolist()).toEqual(module.call(x, lengths).tolist());
    await expect(module.run(x, [1], { scale: 2 } as never)).rejects.toThrow("argument.2 Object");
  });

  it("leaves attributes as they were where a description fails", async () => {
    class Failing extends nn.Module {
      held: Tensor | null = null;
      forward(x: Tensor): Tensor {
        const before = this.held;
        this.held = x;
        return (before ?? x).view(-1);
      }
    }
    const module = new Failing();
    await expect(module.run(torch.tensor([1]))).rejects.toThrow("no attribute to be written, got this.held");
    expect(module.held).toBe(null);
    expect(module.call(torch.tensor([1])).tolist()).toEqual([1]);
  });

  it("is traced for where rows end, and few traces are kept", async () => {
    class Ends extends nn.Module {
      readonly lstm = new nn.LSTM(1, 2);
      runs = 0;
      forward(x: Tensor, first: Tensor, second: Tensor): Tensor {
        // Which lengths rows are packed by depends on the others.
        const packed = torch.packPaddedSequence(x, first);
        const by = packed.lengths[0] === 1 ? second : first;
        return this.lstm.call(torch.packPaddedSequence(x, by))[1][0].view(-1);
      }
    }
    const module = new Ends();
    torch.manualSeed(3);
    module.loadStateDict(
      Object.fromEntries(module.namedParameters().map(([name, { shape }]) => [name, torch.randn(shape)])),
    );
    const x = torch.randn(24, 1, 1);
    const of = (length: number): Tensor => torch.tensor([length], { dtype: "long" });
    for (const [first, second] of [
      [2, 1],
      [1, 2],
      [2, 7],
      [1, 5],
      ...Array.from({ length: 20 }, (_, k) => [k + 4, 1]),
      [2, 1],
    ]) {
      const given = [x, of(first!), of(second!)] as const;
      const [now, traced] = [module.call(...given), await module.run(...given)];
      now.data.forEach((value, k) => expect(traced.data[k]).toBe(value));
    }
    // Many at once, more than are kept: none goes before it has run.
    const many = Array.from({ length: 23 }, (_, k) => [x, of(k + 1), of(1)] as const);
    const all = await Promise.all(many.map((given) => module.run(...given)));
    many.forEach((given, k) => {
      const now = module.call(...given).data;
      now.forEach((value, n) => expect(all[k]!.data[n]).toBe(value));
    });
  });

  it("sees an option of a module of PyTorch's own as it is at each call", () => {
    const lstm = new nn.LSTM(1, 2);
    torch.manualSeed(4);
    lstm.loadStateDict(
      Object.fromEntries(lstm.namedParameters().map(([name, { shape }]) => [name, torch.randn(shape)])),
    );
    const x = torch.randn(3, 2, 1);
    expect(lstm.call(x)[1][0].shape).toEqual([1, 2, 2]);
    (lstm as { batchFirst: boolean }).batchFirst = true;
    expect(lstm.call(x)[1][0].shape).toEqual([1, 3, 2]);
  });

  it("may have attributes that hold nothing yet", async () => {
    class Empty extends nn.Module {
      hidden: Tensor | undefined = undefined;
      forward(x: Tensor): Tensor {
        return x.view(-1).add(this.hidden ?? 1);
      }
    }
    const module = new Empty();
    expect((await module.run(torch.tensor([1, 2]))).tolist()).toEqual([2, 3]);
    module.hidden = torch.tensor([5, 5]);
    expect((await module.run(torch.tensor([1, 2]))).tolist()).toEqual([6, 7]);
  });

  it("refuses draws, and values that it asks for", async () => {
    class Asking extends nn.Module {
      draw = true;
      forward(x: Tensor): Tensor {
        if (this.draw) return x.add(torch.randn(x.shape));
        return x.sum().item() > 0 ? x.view(-1) : x.neg();
      }
    }
    const module = new Asking();
    const x = torch.tensor([1, 2]);
    await expect(module.run(x)).rejects.toThrow("got randn; draw it outside");
    module.draw = false;
    await expect(module.run(x)).rejects.toThrow("got its value; it has none in forward");
    expect(module.call(x).tolist()).toEqual([1, 2]);
  });
});
