import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import { tensor } from "../contract/tensor.js";
import { kit, repeatDefinition, runLimits } from "../core.js";
import { customCell } from "../specification/custom-cell.js";
import { input, recurrent, repeat, spec } from "../specification/build.js";
import { ProgramBuilder } from "../program/program-builder.js";
import { prepare, prepareSync } from "../program/prepare.js";
import { compile } from "./compile.js";

const steps = 2 ** 20;
const repeated = spec({
  name: "r",
  inputs: [input({ name: "x", axis: null, shape: [1024] })],
  layers: [repeat({ name: "again", input: "x", steps, axis: "longer" })],
});
const message =
  'UNROLL_SHAPE program "r sequence" run: expected values of at most 536870912 elements, ' +
  "got one of batch = 1 x 1073741824; run fewer rows or shorter sequences at a time";

const failure = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "none",
    (error: unknown) => `${(error as { code: string }).code} ${(error as Error).message}`,
  );

describe("a run whose values would not fit in memory", () => {
  const x = tensor(new Float32Array(1024), [1, 1024]);

  it("is refused by the sizes, before the engine is called", async () => {
    let runs = 0;
    const own = builtin();
    const model = await compile(repeated, {
      weights: {},
      adapter: {
        ...own,
        compile: async (program, weights) => {
          const executable = await own.compile(program, weights);
          return { ...executable, run: (feeds) => (runs++, executable.run(feeds)) };
        },
        // A model that can be stepped at once is made ready for it.
        capabilities: { ...own.capabilities, synchronous: false },
      },
    });
    expect(await failure(model.sequence(x))).toBe(message);
    expect(runs).toBe(0);
  });

  it("is refused by a kit that has the part", async () => {
    const { compile: make } = kit({ layers: [repeatDefinition], runLimits });
    const model = await make(repeated, { weights: {}, adapter: builtin() });
    expect(await failure(model.sequence(x))).toBe(message);
  });

  it("is refused where a program is run by itself, by what a dim comes out as", async () => {
    const builder = new ProgramBuilder("p");
    const { block: b } = builder;
    const long = b.pad(builder.input("x", { dtype: "float32", shape: ["batch", "time"] }), 1, 2 ** 29, 0, 0);
    builder.output("y", b.sum(long, 1));
    const program = builder.finish();
    const wanted = /^UNROLL_SHAPE program "p" run: .* got one of batch = 1 x .*536870912 = 536870914 x 1;/;
    const whole = await prepare(builtin(), program, {});
    expect(await failure(whole.run({ x: tensor([[1, 2]]) }))).toMatch(wanted);
    const sync = prepareSync(builtin(), program, {});
    const into = async () =>
      sync.runInto([new Float32Array(2)], [new Float32Array(1)], { batch: 1, time: 2 });
    expect(await failure(into())).toMatch(wanted);
  });

  it("and a state that would not is refused as a whole", async () => {
    const cell = customCell({
      name: "huge",
      inputSize: 1,
      state: { a: [2 ** 28], b: [2 ** 28] },
      weights: {},
      step: (_, { x, state }) => ({ output: x, state }),
    });
    const huge = spec({
      name: "h",
      inputs: [input({ name: "x", shape: [1] })],
      layers: [recurrent({ name: "cell", input: "x", cell })],
    });
    const model = await compile(huge, { weights: {}, adapter: builtin() });
    expect(() => model.zeroState(2)).toThrow(
      'model "h" zeroState: expected at most 536870912 elements, got [2, 536870912]',
    );
  });
});
