import { beforeEach, describe, expect, it } from "vitest";
import { builtin } from "../../builtin/index.js";
import type { Adapter } from "../../contract/adapter.js";
import type { HostTensor } from "../../contract/tensor.js";
import * as tf from "../index.js";

beforeEach(() => tf.resetDefaultGraph());

const { rnnCell, Session } = tf;

/** Results of a run whose variables have numbers, other ones in each place. */
async function run(fetches: readonly tf.Tensor[], x: HostTensor, adapter: Adapter = builtin()) {
  const session = new Session({ adapter });
  const values = tf.globalVariables().map(({ name, shape }, k) => {
    const sizes = shape as readonly number[];
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i + k));
    return [name, tf.tensor(data, sizes)] as const;
  });
  session.restore(Object.fromEntries(values));
  const results = await session.run(fetches, { x });
  session.close();
  return results as readonly HostTensor[];
}

const numbers = (...shape: number[]): HostTensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.cos(k * 0.6)),
    shape,
  );

type Residual = (inputs: tf.Tensor, outputs: tf.Tensor) => tf.Tensor;

/** Of both, and of all rows of a step at once. */
const joined: Residual = (inputs, outputs) =>
  tf.concat([tf.subtract(inputs, tf.reduceMean(outputs, 0, { keepDims: true })), outputs], 1);

describe("a residual wrapper over a sequence", () => {
  it.each<[string, Residual | null, number]>([
    ["the sum", null, 4],
    ["the sum up to each length", null, 2],
    ["a function of one's own", joined, 4],
    ["a function of one's own up to each length", (x, y) => tf.concat([x, y], 1), 2],
  ])("has %s of each step", async (_what, residual, length) => {
    const cell = new rnnCell.ResidualWrapper(new rnnCell.BasicLSTMCell(3), residual);
    const x = tf.placeholder(tf.float32, [2, 4, 3], "x");
    const lengths = length === 4 ? {} : { sequenceLength: [4, length] };
    const [outputs, last] = tf.dynamicRnn(cell, x, lengths);
    const each: tf.Tensor[] = [];
    const states: tf.LSTMStateTuple<tf.Tensor>[] = [];
    let state: tf.State = cell.zeroState(2);
    for (let t = 0; t < 4; t++) {
      const [output, next] = cell(tf.at(x, ":", t), state);
      each.push(output);
      states.push((state = next) as tf.LSTMStateTuple<tf.Tensor>);
    }
    const h = (last as tf.LSTMStateTuple<tf.Tensor>).h;
    const [whole, end, steps, first, second] = await run(
      [outputs, h, tf.stack(each, 1), states[3]!.h, states[length - 1]!.h],
      numbers(2, 4, 3),
    );
    const size = whole!.shape[2]!;
    whole!.data.forEach((value, k) => {
      const real = k < (4 + length) * size;
      // Both in float32, in their own orders.
      if (real) expect(Math.abs(value - steps!.data[k]!)).toBeLessThan(1e-6);
      else expect(value).toBe(0);
    });
    const want = [...first!.data.subarray(0, 3), ...second!.data.subarray(3)];
    end!.data.forEach((value, k) => expect(Math.abs(value - want[k]!)).toBeLessThan(1e-6));
  });

  it("is no number past the lengths, though the input is none there", async () => {
    const cell = new rnnCell.ResidualWrapper(new rnnCell.GRUCell(3));
    const x = tf.placeholder(tf.float32, [1, 3, 3], "x");
    const [outputs] = tf.dynamicRnn(cell, x, { sequenceLength: [2] });
    const given = numbers(1, 3, 3);
    given.data.fill(NaN, 6);
    const [y] = await run([outputs], given);
    expect([...y!.data.subarray(6)]).toEqual([0, 0, 0]);
    expect(y!.data.subarray(0, 6).every(Number.isFinite)).toBe(true);
  });

  it("runs its cell as a whole", async () => {
    const cell = new rnnCell.ResidualWrapper(new rnnCell.BasicLSTMCell(3), joined);
    const [outputs] = tf.dynamicRnn(cell, tf.placeholder(tf.float32, [2, 4, 3], "x"));
    const engine = builtin();
    const programs: string[] = [];
    const watching: Adapter = {
      ...engine,
      compile(program, weights) {
        programs.push(JSON.stringify(program));
        return engine.compile(program, weights);
      },
    };
    await run([outputs], numbers(2, 4, 3), watching);
    expect(programs.map((one) => one.includes('"lstm"'))).toEqual([true]);
  });
});
