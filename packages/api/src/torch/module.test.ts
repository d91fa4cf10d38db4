import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareWithBound, deriveBounds } from "@unroll/conformance";
import { describe, expect, expectTypeOf, it } from "vitest";
import { isUnrollError } from "../contract/error.js";
import { type HostTensor, tensor } from "../contract/tensor.js";
import { readSafetensors } from "../formats/safetensors.js";
import {
  F,
  type Hidden,
  nn,
  packPaddedSequence,
  padPackedSequence,
  type PackedSequence,
  type Tensor,
} from "./index.js";

const charlm = fileURLToPath(new URL("../../../../fixtures/models/charlm/", import.meta.url));
const read = (name: string): ReturnType<typeof readSafetensors>["tensors"] =>
  readSafetensors(readFileSync(charlm + name)).tensors;

class CharLM extends nn.Module {
  embedding = new nn.Embedding(75, 48);
  lstm = new nn.LSTM(48, 128, { numLayers: 2, batchFirst: true });
  fc = new nn.Linear(128, 75);

  forward(ids: Tensor, hidden?: readonly [Hidden, Hidden]) {
    const [y, next] = this.lstm.call(this.embedding.call(ids), hidden);
    return [this.fc.call(y), next] as const;
  }
}

async function caught(run: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await run();
  } catch (error) {
    if (isUnrollError(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

let seed = 1;
const random = (...shape: number[]): HostTensor<"float32"> =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(seed++ * 12.9898)),
    shape,
  );
const filled = <M extends nn.Module>(module: M): M => {
  const { details } = (() => {
    try {
      module.loadStateDict({});
    } catch (error) {
      if (isUnrollError(error)) return error;
    }
    throw new Error("no weights");
  })();
  module.loadStateDict(
    Object.fromEntries(
      (details["missing"] as { name: string; shape: number[] }[]).map(({ name, shape }) => [
        name,
        random(...shape),
      ]),
    ),
  );
  return module;
};
/** What the same engine computes from the same numbers in the same order has the same bits. */
const same = (got: HostTensor, want: HostTensor["data"]): void => {
  expect(got.data).toEqual(want);
};

describe("a module of modules", () => {
  it("runs the recorded character model as a sequence, in pieces, and as steps of the core", async () => {
    const model = new CharLM();
    expect(model.loadStateDict(read("charlm.safetensors"))).toEqual({
      missingKeys: [],
      unexpectedKeys: [],
      losses: [],
    });
    const expected = read("expected.safetensors");
    const ids = tensor(
      Int32Array.from(expected["passage_ids"]!.data as BigInt64Array, Number).slice(0, 20),
      [1, 20],
      "int32",
    );
    const [logits, [h, c]] = await model.run(ids);
    expectTypeOf(logits).toExtend<HostTensor<"float32">>();
    expect([logits.shape, h.shape, c.shape]).toEqual([
      [1, 20, 75],
      [2, 1, 128],
      [2, 1, 128],
    ]);
    const { shape } = logits;
    const spec = model.spec({ example: [ids] });
    const { bounds } = deriveBounds(spec, model.canonicalWeights({ example: [ids] }), {
      inputs: { [spec.inputs[0]!.name]: ids },
    });
    expect(
      compareWithBound(
        logits,
        { shape, data: expected["logits20"]!.data as Float64Array },
        bounds.outputs["fc"]!,
      ).errorOverBound,
    ).toBeLessThan(1);

    const part = (from: number, to: number): HostTensor =>
      tensor((ids.data as Int32Array).slice(from, to), [1, to - from], "int32");
    const [, carried] = await model.run(part(0, 13));
    const [rest, [h2]] = await model.run(part(13, 20), carried);
    same(rest, logits.data.subarray(13 * 75));
    same(h2, h.data);

    const core = await model.compile();
    expect(core.spec.layers.map((layer) => layer.name)).toEqual(["embedding", "lstm_l0", "lstm_l1", "fc"]);
    let state = core.zeroState(1);
    for (let t = 0; t < 20; t++) {
      const step = await core.step(tensor([ids.data[t]!], [1], "int32"), state);
      state = step.state;
      same(step.output, logits.data.subarray(t * 75, (t + 1) * 75));
    }
    core.dispose();
    model.dispose();
    same((await model.run(ids))[0], logits.data);
  });

  it("packs and pads inside forward", async () => {
    class Tagger extends nn.Module {
      embedding = new nn.Embedding(9, 4);
      gru = new nn.GRU(4, 3, { bidirectional: true, batchFirst: true });
      head = new nn.Sequential(new nn.Linear(6, 5), new nn.Tanh(), new nn.Linear(5, 2));

      forward(ids: Tensor, lengths: Tensor) {
        const packed = packPaddedSequence(this.embedding.call(ids), lengths, {
          batchFirst: true,
          enforceSorted: false,
        });
        const [out, h] = this.gru.call(packed);
        return {
          tags: F.logSoftmax(this.head.call(padPackedSequence(out, { batchFirst: true })[0])),
          last: h.at(-1),
        };
      }
    }
    const tagger = filled(new Tagger());
    expect(Object.keys(tagger.stateDict()).slice(-4)).toEqual([
      "head.0.weight",
      "head.0.bias",
      "head.2.weight",
      "head.2.bias",
    ]);
    const { tags, last } = await tagger.run(
      tensor([
        [1, 2, 0, 0],
        [3, 4, 5, 0],
      ]),
      [2, 3],
    );
    expect([tags.shape, last.shape]).toEqual([
      [2, 3, 2],
      [2, 3],
    ]);
    const alone = await tagger.run(tensor([[1, 2]]), [2]);
    same(alone.tags, tags.data.subarray(0, 4));
    same(alone.last, last.data.subarray(0, 3));
  });

  it("starts a decoder from an encoder's state, and runs cells side by side", async () => {
    class Both extends nn.Module {
      encoder = new nn.LSTM(2, 3);
      decoder = new nn.LSTM(2, 3);
      forward(x: Tensor) {
        const [, hidden] = this.encoder.call(x);
        return this.decoder.call(x, hidden)[0].add(this.decoder.call(x)[0]);
      }
    }
    const both = filled(new Both());
    const x = random(4, 2, 2);
    const [, hidden] = await both.encoder.run(x);
    const [a] = await both.decoder.run(x, hidden);
    const [b] = await both.decoder.run(x);
    same(
      await both.run(x),
      a.data.map((value, k) => value + b.data[k]!),
    );

    class Cells extends nn.Module {
      one = new nn.LSTMCell(2, 3);
      two = new nn.GRUCell(3, 4);
      forward(x: Tensor, [h, c]: [Hidden, Hidden], g: Hidden) {
        const [h1, c1] = this.one.call(x, [h, c]);
        return [h1, c1, this.two.call(h1, g)] as const;
      }
    }
    const cells = filled(new Cells());
    const [step, h0, c0, g0] = [random(2, 2), random(2, 3), random(2, 3), random(2, 4)];
    const [h1, c1, g1] = await cells.run(step, [h0, c0], g0);
    const [h2, c2] = await cells.one.run(step, [h0, c0]);
    same(h1, h2.data);
    same(c1, c2.data);
    same(g1, (await cells.two.run(h2, g0)).data);
  });

  it("runs layers without time over any leading axes", async () => {
    const linear = filled(new nn.Linear(2, 3, { bias: false }));
    expect((await linear.run(random(4, 5, 2))).shape).toEqual([4, 5, 3]);
    expect((await linear.run(random(2))).shape).toEqual([3]);
    expect((await new nn.Hardsigmoid().run(tensor([[-9, 0, 9]]))).data).toEqual(Float32Array.of(0, 0.5, 1));
    expect((await filled(new nn.Embedding(3, 2)).run(tensor([2, 0]))).shape).toEqual([2, 2]);
  });

  it("sees weights that were loaded into a submodule", async () => {
    const outer = filled(new nn.Sequential(new nn.Linear(2, 2)));
    const before = await outer.run(tensor([1, 2]));
    const [inner] = outer
      .namedModules()
      .slice(1)
      .map(([, module]) => module);
    inner!.loadStateDict({
      weight: tensor([
        [1, 0],
        [0, 1],
      ]),
      bias: tensor([0, 0]),
    });
    expect([before.data[0] === 1, [...(await outer.run(tensor([1, 2]))).data]]).toEqual([false, [1, 2]]);
  });

  it("keeps packed sequences packed", async () => {
    const lstm = filled(new nn.LSTM(2, 3));
    const [out] = await lstm.run(packPaddedSequence(random(4, 2, 2), [4, 1]));
    expectTypeOf(out).toEqualTypeOf<PackedSequence>();
    const [padded, lengths] = padPackedSequence(out, { totalLength: 6, paddingValue: 7 });
    expect([padded.shape, lengths, padded.data[3 + 6]]).toEqual([[6, 2, 3], [4, 1], 7]);
  });
});

describe("errors", () => {
  it.each([
    [
      "UNROLL_SHAPE",
      'GRU run, gru "gru_l0": expected input [time, batch, 3], got [5, 2, 7]; the last axis is the input ' +
        "size",
      () => filled(new nn.GRU(3, 4)).run(random(5, 2, 7)),
    ],
    [
      "UNROLL_SHAPE",
      'GRU run, state of "gru_l0": expected float32 [2, 2, 4], [layers x directions, batch, hiddenSize], ' +
        "got float32 [1, 2, 4]; batchFirst does not apply to states",
      () => filled(new nn.GRU(3, 4, { numLayers: 2 })).run(random(5, 2, 3), random(1, 2, 4)),
    ],
    [
      "UNROLL_STATE",
      "nn.LSTM: expected a state [h, c], got one tensor; an LSTM has two state parts",
      () => filled(new nn.LSTM(3, 4)).run(random(5, 2, 3), random(1, 2, 4) as never),
    ],
    [
      "UNROLL_ARGUMENT",
      "nn.LSTM: expected projSize as a whole number from 0 to below hiddenSize 4, got 4; 0 is no projection",
      () => new nn.LSTM(3, 4, { projSize: 4 }),
    ],
    [
      "UNROLL_ARGUMENT",
      'nn.GRU: expected options numLayers, bias, batchFirst, dropout, bidirectional, got "num_layers"; ' +
        'the nearest is "numLayers"',
      () => new nn.GRU(3, 4, { num_layers: 2 } as never),
    ],
    [
      "UNROLL_ARGUMENT",
      "packPaddedSequence: expected lengths from longest to shortest, got [1, 4]; pass { enforceSorted: " +
        "false } to give rows in any order",
      () => packPaddedSequence(random(4, 2, 2), [1, 4]),
    ],
    [
      "UNROLL_WEIGHTS",
      "Linear: expected weights, got none for weight, bias; call loadStateDict first",
      () => new nn.Linear(2, 2).run(random(1, 2)),
    ],
    [
      "UNROLL_WEIGHTS",
      "loadStateDict of Linear: expected 2 weights, got 1 missing, 1 unexpected, 1 mis-shaped: missing " +
        "bias [3]; unexpected b [3]; mis-shaped weight is [2, 3], not [3, 2]; compare attribute names, " +
        "sizes and options with the Python module",
      () => new nn.Linear(2, 3).loadStateDict({ weight: random(2, 3), b: random(3) }),
    ],
    [
      "UNROLL_DTYPE",
      'Embedding run, embedding "embedding": expected whole numbers (ids), got float32; make it with ' +
        'tensor(data, shape, "int32")',
      () => filled(new nn.Embedding(3, 2)).run(tensor([0.5])),
    ],
    [
      "UNROLL_ARGUMENT",
      "Linear: expected a tensor, got undefined; tensor(values) makes one",
      () => new nn.Linear(2, 2).call(undefined as never),
    ],
  ])("%s %s", async (code, message, run) => {
    expect(await caught(run)).toMatchObject({ code, message });
  });

  it("takes part of a state dict when not strict", () => {
    const linear = new nn.Linear(2, 3);
    expect(linear.loadStateDict({ bias: random(3), other: random(1) }, { strict: false })).toEqual({
      missingKeys: ["weight"],
      unexpectedKeys: ["other"],
      losses: [],
    });
    expect(Object.keys(linear.stateDict())).toEqual(["bias"]);
  });
});
