import { beforeEach, describe, expect, it } from "vitest";
import * as tf from "../index.js";
import type { Tensor } from "../index.js";

beforeEach(() => tf.resetDefaultGraph());

const unknown = (): Tensor => tf.placeholder(tf.float32, [null, null], "x");
const square = (): Tensor =>
  tf.constant([
    [1, 2],
    [3, 4],
  ]);
const whole = (): Tensor => tf.constant([1, 2], tf.int32);
const flags = (): Tensor => tf.cast(tf.constant([1, 0]), tf.bool);

/** What a tensor without placeholders is. */
async function value(tensor: Tensor): Promise<tf.HostTensor> {
  const session = new tf.Session();
  const result = await session.run(tensor);
  session.close();
  return result;
}

describe("operations", () => {
  it.each<[string, () => Tensor, readonly number[], string]>([
    [
      "a part by its sizes, as tf.slice has it",
      () => tf.slice(square(), [0, 1], [2, 1]),
      [2, 4],
      "float32 [2,1]",
    ],
    ["all that is left", () => tf.slice(square(), [1, 0], [-1, -1]), [3, 4], "float32 [1,2]"],
    ["whole numbers and a number", () => tf.subtract(whole(), 1), [0, 1], "int32 [2]"],
    ["a number and whole numbers", () => tf.maximum(2, whole()), [2, 2], "int32 [2]"],
    ["whole numbers as they are", () => tf.identity(whole()), [1, 2], "int32 [2]"],
    ["rows by a condition of one axis", () => tf.where(flags(), square(), 9), [1, 2, 9, 9], "float32 [2,2]"],
    ["whole numbers by a condition", () => tf.where(flags(), whole(), 7), [1, 7], "int32 [2]"],
    ["zeros of int32", () => tf.zeros([2], tf.int32), [0, 0], "int32 [2]"],
    ["a constant that fills", () => tf.constant(0.5, tf.float32, [1, 2]), [0.5, 0.5], "float32 [1,2]"],
    ["a constant under a shape", () => tf.constant([1, 2], tf.int32, [2, 1]), [1, 2], "int32 [2,1]"],
    ["a mask of numbers", () => tf.sequenceMask(whole(), 2, tf.float32), [1, 0, 1, 1], "float32 [2,2]"],
    [
      "an axis dropped by its number",
      () => tf.squeeze(tf.expandDims(square(), 1), 1),
      [1, 2, 3, 4],
      "float32 [2,2]",
    ],
    ["softmax of the last axis", () => tf.reduceSum(tf.nn.softmax(square(), 1), 1), [1, 1], "float32 [2]"],
    ["an axis summed once", () => tf.reduceSum(square(), [1, -1]), [3, 7], "float32 [2]"],
    ["a bias", () => tf.nn.biasAdd(square(), tf.constant([10, 20])), [11, 22, 13, 24], "float32 [2,2]"],
  ])("give %s", async (_what, make, want, form) => {
    const tensor = make();
    const got = await value(tensor);
    expect([...got.data].map((one) => Number(one.toFixed(5)))).toEqual(want);
    expect(`${got.dtype} [${got.shape.join()}]`).toBe(form);
    expect(`${tensor.dtype} [${tensor.shape.join()}]`).toBe(form);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "brackets for tf.slice",
      () => tf.slice(square(), ":" as never, 1 as never),
      /is at\(x, ":", t, \[1\]\)/,
    ],
    ["no part", () => tf.slice(square(), [0, 0], [0, 1]), /where it begins, and sizes/],
    ["an index of null", () => tf.at(square(), null as never), /places, ":" and/],
    ["an index of a half", () => tf.at(square(), 0.5), /places, ":" and/],
    ["softmax of another axis", () => tf.nn.softmax(square(), 0), /axis: expected the last, got 0/],
    ["gathering along another axis", () => tf.nn.embeddingLookup(square(), whole(), 1), /axis: expected 0/],
    ["a table without rows", () => tf.nn.embeddingLookup(tf.constant(1), whole()), /a table of rows/],
    ["dtypes that differ", () => tf.add(whole(), square()), /all of one dtype, got int32 and float32/],
    ["quotients of whole numbers", () => tf.divide(whole(), 2), /expected float32.*cast/],
    ["a tanh of whole numbers", () => tf.tanh(whole()), /expected float32, got int32/],
    ["sums of whole numbers", () => tf.reduceSum(whole()), /expected float32, got int32/],
    [
      "products of whole numbers",
      () => tf.matmul(square(), tf.cast(square(), tf.int32)),
      /float32 and int32/,
    ],
    ["a condition of numbers", () => tf.where(whole(), square(), 1), /condition: expected bool/],
    ["lengths of floats", () => tf.sequenceMask(square(), 2), /expected int32/],
    ["no steps", () => tf.sequenceMask(whole(), undefined as never), /sizes of at least 1/],
    [
      "transposing by a position",
      () => tf.matmul(square(), square(), true as never),
      /options as one object/,
    ],
    [
      "transposing by a number",
      () => tf.matmul(square(), square(), { transposeB: 1 as never }),
      /transposeB/,
    ],
    ["parts of no number", () => tf.split(square(), -2), /in -2/],
    ["places of no number", () => tf.unstack(unknown(), -1), /num -1/],
    ["an axis of 2 dropped", () => tf.squeeze(square(), [0]), /length 1 at axis 0/],
    ["an axis named twice", () => tf.transpose(square(), [0, 0]), /each of 2 axes once/],
    ["a size alone", () => tf.zeros(3 as never), /in a list/],
    ["a size of null", () => tf.reshape(square(), [null as never, 2]), /sizes of at least 1/],
    ["a size of undefined", () => tf.placeholder(tf.float32, [undefined as never]), /or null/],
    [
      "a constant of another dtype",
      () => tf.constant(tf.tensor([1]), tf.int32),
      /expected int32, got float32/,
    ],
    ["a constant of another size", () => tf.constant([1, 2], tf.float32, [3]), /a shape of 2 elements/],
    ["a bias of two axes", () => tf.nn.biasAdd(square(), square()), /biasAdd bias/],
    ["a bias of another size", () => tf.nn.biasAdd(square(), tf.constant([1])), /one for each place/],
    ["a stack of nothing", () => tf.stack(undefined as never), /stack: expected tensors/],
  ])("refuse %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });

  it("refuse to leave out places that a run has more of", async () => {
    const [first] = tf.unstack(unknown(), 2, 1);
    const session = new tf.Session();
    const run = (columns: number) =>
      session.run(first, { x: tf.tensor(new Float32Array(columns), [1, columns]) });
    expect((await run(2)).shape).toEqual([1]);
    await expect(run(3)).rejects.toThrow(/unstack: expected 2 places of axis 1, got \[1, 3\]/);
    session.close();
  });
});
