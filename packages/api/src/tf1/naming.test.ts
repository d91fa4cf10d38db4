import { beforeEach, describe, expect, it } from "vitest";
import * as tf from "./index.js";
import { layers, rnnCell, type Tensor } from "./index.js";

beforeEach(() => tf.resetDefaultGraph());

const names = (): string[] => tf.globalVariables().map(({ name }) => name);
const x = (): Tensor => tf.zeros([2, 3]);

describe("variables", () => {
  it("of a dense layer that is named stand under that name, and no other", () => {
    layers.dense(x(), 4, { name: "fc", useBias: false });
    expect(() => layers.dense(x(), 4, { name: "fc" })).toThrow(/fc\/kernel": expected a new name/);
    tf.variableScope("m", { reuse: tf.AUTO_REUSE }, () => {
      for (let k = 0; k < 2; k++) layers.dense(x(), 4, { name: "fc", useBias: false });
    });
    layers.dense(x(), 4, { name: "fc", reuse: true, useBias: false });
    layers.dense(x(), 4, { useBias: false });
    layers.dense(x(), 4, { useBias: false });
    expect(names()).toEqual(["fc/kernel:0", "m/fc/kernel:0", "dense/kernel:0", "dense_1/kernel:0"]);
  });

  it("of a cell of the library do not hang on what a bundler calls its class", () => {
    const minified = Object.entries({ ...rnnCell, AttentionWrapper: tf.seq2seq.AttentionWrapper }).filter(
      ([, one]) => typeof one === "function" && one.prototype instanceof rnnCell.RNNCell,
    );
    expect(minified.length).toBe(10);
    for (const [name, cell] of minified) {
      const snake = name.replace(/([a-z])([A-Z])/g, "$1_$2").replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
      expect(Object.hasOwn(cell, "baseName"), name).toBe(true);
      expect((cell as typeof rnnCell.RNNCell).baseName).toBe(snake.toLowerCase());
    }
    class a extends rnnCell.GRUCell {}
    expect(new a(3).scopeName).toBe("a");
    expect(new rnnCell.GRUCell(3).scopeName).toBe("gru_cell");
  });
});

it.each<[string, () => unknown, RegExp]>([
  ["a variable", () => tf.getVariable("w:0", [1]), /a name of letters, digits and _ . - \/, got "w:0"/],
  ["a placeholder", () => tf.placeholder(tf.float32, [1], "x:1"), /got "x:1"/],
  ["a placeholder without letters", () => tf.placeholder(tf.float32, [1], ""), /got ""/],
  ["nothing", () => tf.placeholder(tf.float32, [1], null as never), /got null/],
  [
    "a way to reuse",
    () => tf.variableScope("a", { reuse: "yes" as never }, () => 0),
    /reuse: expected true, false or AUTO_REUSE/,
  ],
])("names: %s is refused", (_what, make, message) => {
  expect(make).toThrow(message);
});
