import { describe, expect, it } from "vitest";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { cat, F, nn, packPaddedSequence, padPackedSequence } from "./index.js";
import { parts } from "./own-names.js";

const wave = (...shape: number[]): HostTensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(1.7 * k + 0.3)),
    shape,
  );
const filled = <M extends nn.Module>(module: M): M => {
  const shapes = {
    "lstm.weight_ih_l0": wave(12, 2),
    "lstm.weight_hh_l0": wave(12, 3),
    "lstm.bias_ih_l0": wave(12),
    "lstm.bias_hh_l0": wave(12),
  };
  module.loadStateDict(shapes);
  return module;
};
/** A module whose forward is given, with one LSTM. */
const moduleOf = (forward: (lstm: any, ...given: any[]) => unknown) => {
  class Mine extends nn.Module {
    readonly lstm = new nn.LSTM(2, 3);
    hidden: unknown = null;
    scale = 1;
    forward(...given: never[]): unknown {
      return forward.call(this, this.lstm, ...(given as any[]));
    }
  }
  return filled(new Mine()) as unknown as Mine & { run(...given: unknown[]): Promise<any> };
};
const x = wave(4, 1, 2);
const [h, c] = [wave(1, 1, 3), tensor([[[0.5, -0.25, 1]]])];

describe("a state given as a tuple", () => {
  const plain = moduleOf((lstm, input, hidden) => lstm.call(input, hidden));

  it("is indexed as in Python", async () => {
    const indexed = moduleOf((lstm, input, hidden) => lstm.call(input, [hidden[0], hidden[1]]));
    const [[want], [got]] = [await plain.run(x, [h, c]), await indexed.run(x, [h, c])];
    expect(got.tolist()).toEqual(want.tolist());
    expect(got.tolist()).not.toEqual((await plain.run(x))[0].tolist());
  });

  it("of a module is indexed from the end too", async () => {
    const last = moduleOf((lstm, input) => lstm.call(input)[1][0][-1]);
    expect((await last.run(x)).data).toEqual((await plain.run(x))[1][0].data);
  });

  it.each([
    ["hidden.h", (hidden: any) => hidden.h, "got .h; the nearest is t()"],
    ["hidden[2]", (hidden: any) => hidden[2], "got [2]; the argument is a tuple of 2"],
    ["hidden[-1]", (hidden: any) => hidden[-1], "got [-1]; the argument is a tuple of 2"],
  ])("refuses %s, which would have been zeros", async (_, pick, message) => {
    const picking = moduleOf((lstm, input, hidden) => lstm.call(input, [pick(hidden), hidden[1]]));
    await expect(picking.run(x, [h, c])).rejects.toThrow(message);
  });
});

describe("forward", () => {
  const plainLstm = moduleOf((lstm, input) => lstm.call(input));

  it("loops over a tensor as Python does, which a spec can't say", async () => {
    class Looping extends nn.Module {
      readonly lstm = new nn.LSTM(2, 3);
      forward(input: any) {
        let output;
        for (const step of input) [output] = this.lstm.call(step);
        return output;
      }
    }
    const looping = filled(new Looping() as nn.Module);
    // Each step begins from zeros here, so that the last is the first of a sequence of its own.
    const alone = await plainLstm.run({ ...x, shape: [1, 1, 2], data: x.data.slice(6) });
    const looped = (await looping.run(...([x] as never))) as unknown as HostTensor;
    expect(looped.shape).toEqual([1, 3]);
    looped.data.forEach((value, k) => expect(value).toBeCloseTo(alone[0].data[k]!, 6));
    expect(() => looping.spec()).toThrow("got a loop over it; a spec says no more; run() takes it");
    const picking = moduleOf((lstm, input) => lstm.call(input[0]));
    expect((await picking.run(x))[0].shape).toEqual([1, 3]);
  });

  it("gets numbers and flags as they are, each its own trace", async () => {
    const seen: unknown[] = [];
    const asking = moduleOf((lstm, input, flag, count) => {
      seen.push([flag, count]);
      const [output] = lstm.call(input);
      return flag ? F.tanh(output) : output;
    });
    const off = await asking.run(x, false, 3);
    const on = await asking.run(x, true, 3);
    const [no, yes] = [
      [false, 3],
      [true, 3],
    ];
    expect(seen).toEqual([no, no, yes, yes]);
    expect(on.data).not.toEqual(off.data);
    expect((await asking.run(x, false, 3)).tolist()).toEqual(off.tolist());
    expect(seen).toHaveLength(4);
    const message = "argument 1: expected tensors, numbers, texts or flags, got a function";
    await expect(asking.run(x, () => true)).rejects.toThrow(message);
  });

  it("may not ask a tensor for its value", async () => {
    const asking = moduleOf((lstm, input) => (input > 0 ? lstm.call(input) : input));
    await expect(asking.run(x)).rejects.toThrow("got its value; it has none in forward");
  });

  it("may not keep a state in an attribute, which would freeze", async () => {
    const keeping = moduleOf(function (this: any, lstm, input) {
      const [output, hidden] = lstm.call(input, this.hidden ?? undefined);
      this.hidden = hidden;
      return output;
    });
    await expect(keeping.run(x)).rejects.toThrow(
      "forward: expected no attribute to be written, got this.hidden; forward describes the model once",
    );
  });

  it("may not keep a state elsewhere, or describe another model each time", async () => {
    let kept: unknown;
    const hiding = moduleOf((lstm, input) => {
      lstm.call(input);
      const [output, hidden] = lstm.call(input, kept);
      kept = hidden;
      return output;
    });
    await expect(hiding.run(x)).rejects.toThrow("expected a tensor of this forward, got one of another");
    let calls = 0;
    const counting = moduleOf((lstm, input) => (calls++ % 2 ? lstm.call(input)[0] : F.tanh(input)));
    await expect(counting.run(x)).rejects.toThrow("expected the same description each time");
    await expect(counting.compile({ example: [x] })).rejects.toThrow("the same description each time");
  });

  it("sees an attribute as it is at each run", async () => {
    const scaled = moduleOf(function (this: any, lstm, input) {
      const [output] = lstm.call(input);
      return this.scale > 1 ? output.add(output) : output;
    }) as any;
    const [once] = (await scaled.run(x)).data;
    scaled.scale = 2;
    expect((await scaled.run(x)).data[0]).toBeCloseTo(2 * once, 6);
  });

  it("sees what is in the lists and objects of an attribute as it is at each run", async () => {
    const scaled = moduleOf(function (this: any, lstm, input) {
      const [output] = lstm.call(input);
      return this.config.layers[0].twice ? output.add(output) : output;
    }) as any;
    scaled.config = { layers: [{ twice: false }] };
    const [once] = (await scaled.run(x)).data;
    scaled.config.layers[0].twice = true;
    expect((await scaled.run(x)).data[0]).toBeCloseTo(2 * once, 6);
    scaled.config.layers[0].twice = false;
    expect((await scaled.run(x)).data[0]).toBe(once);
  });

  it("that is async is refused, and its own failure ends nothing", async () => {
    const strays: unknown[] = [];
    const stray = (error: unknown) => strays.push(error);
    process.on("unhandledRejection", stray);
    const later = moduleOf(async (lstm, input) => (await lstm.run(input))[0]);
    await expect(later.run(x)).rejects.toThrow("expected a description, got a promise");
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", stray);
    expect(strays).toEqual([]);
  });
});

describe("arguments in PyTorch's positions", () => {
  it("mean what they mean there", () => {
    expect(new nn.LSTM(3, 4, 2).numLayers).toBe(2);
    expect(new nn.Linear(3, 4, false).bias).toBe(false);
    expect(new nn.Dropout({ p: 0.25 }).p).toBe(0.25);
    expect(new nn.Embedding(5, 2, 0).numEmbeddings).toBe(5);
    const rows = wave(2, 4, 1);
    const pack = (options: boolean | object) => packPaddedSequence(rows, [3, 1], options);
    expect(pack(true).data.data).toEqual(pack({ batchFirst: true }).data.data);
    const pad = (options: boolean | object) => padPackedSequence(pack(true), options);
    expect(pad(true)[0].tolist()).toEqual(pad({ batchFirst: true })[0].tolist());
    expect(new nn.Linear(1, 1).loadStateDict({}, false).missingKeys).toEqual(["weight", "bias"]);
    expect(new nn.GRUCell(2, 3, false)[parts]()[0]!.layer).toMatchObject({ cell: { bias: "none" } });
  });

  const symbolic = (use: (value: any) => unknown) => moduleOf((_, input) => use(input)).run(x);
  it.each<[string, () => unknown, string]>([
    ["nn.LeakyReLU(0.2, 1)", () => new nn.LeakyReLU(0.2, ...([1] as never[])), "nn.LeakyReLU: expected no"],
    ["nn.LSTM(3, 4, 2, { numLayers })", () => new nn.LSTM(3, 4, 2, { numLayers: 1 }), "numLayers once"],
    [
      "nn.LSTM(3, 4, 2, false)",
      () => new nn.LSTM(3, 4, 2, ...([false] as never[])),
      "got false; give options",
    ],
    [
      "nn.LSTM(3, 4, true)",
      () => new nn.LSTM(3, 4, true as never),
      "numLayers, or options by name, got true",
    ],
    ["nn.Linear(3, 4, 1)", () => new nn.Linear(3, 4, 1 as never), "bias, or options by name, got 1"],
    ["nn.Softmax({ axis: 1 })", () => new nn.Softmax({ axis: 1 } as never), 'got "axis"'],
    [
      "F.tanh(x, 1)",
      () => symbolic((value) => F.tanh(value, ...([1] as never[]))),
      "F.tanh: expected no further",
    ],
    [
      "lstm(x, hidden, more)",
      () => moduleOf((lstm, input) => lstm.call(input, undefined, 3)).run(x),
      "forward of LSTM: expected no further arguments, got 3; it takes 2",
    ],
    [
      "linear.run(x, 1)",
      () => (new nn.Linear(2, 1) as unknown as { run(...given: unknown[]): unknown }).run(x, 1),
      "it takes 1",
    ],
    ["F.softmax(x, 3)", () => symbolic((value) => F.softmax(value, 3)), "softmax: expected dim from -3 to 2"],
    ["F.softmax(x, { axis: 1 })", () => symbolic((v) => F.softmax(v, { axis: 1 } as never)), 'got "axis"'],
    ["cat([x, x], 3)", () => symbolic((value) => cat([value, value], 3)), "cat: expected dim from -3 to 2"],
    ["a state false", () => moduleOf((lstm, v) => lstm.call(v, false)).run(x), "a state [h, c], got false"],
    ["three states", () => moduleOf((lstm, v, s) => lstm.call(v, s)).run(x, [h, c, c]), "got 3 items"],
    ["nn.ModuleList(a, b)", () => new nn.ModuleList(new nn.Tanh() as never), "modules, got Tanh"],
    ["nn.Sequential([a])", () => new nn.Sequential([new nn.Tanh()] as never), "modules, got Array"],
    ["strict: 0", () => new nn.Linear(1, 1).loadStateDict({}, { stric: false } as never), 'got "stric"'],
    ["spec([x])", () => new nn.Tanh().spec({ examples: [x] } as never), 'the nearest is "example"'],
    ["x.views(1, -1)", () => symbolic((value) => value.views(1, -1)), "got .views; the nearest is view()"],
    ["x.add_(1)", () => symbolic((value) => value.add_(1)), "nothing changes a tensor in place"],
  ])("and %s is refused by name", async (_, call, message) => {
    await expect((async () => call())()).rejects.toThrow(message);
  });
});
