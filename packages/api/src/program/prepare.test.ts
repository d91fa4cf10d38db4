import { describe, expect, it } from "vitest";
import { builtin } from "../builtin/index.js";
import type { WeightMap } from "../contract/adapter.js";
import { isUnrollError } from "../contract/error.js";
import { tensor } from "../contract/tensor.js";
import { ProgramBuilder } from "./program-builder.js";
import { prepare, prepareSync } from "./prepare.js";

const messageOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
  } catch (error) {
    if (isUnrollError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing";
};

function program() {
  const p = new ProgramBuilder("sum");
  const x = p.input("x", { dtype: "float32", shape: ["batch", 2] });
  const y = p.input("y", { dtype: "float32", shape: ["batch", "time", 2] });
  p.output("z", p.block.add(p.block.matmul(x, p.param("w", [2, 2])), p.block.constant(0)));
  p.output("y", y);
  return p.finish();
}
const w = tensor([
  [1, 2],
  [3, 4],
]);
const x = tensor([[1, 1]]);
const y = tensor([[[1, 2]]]);

describe("a prepared program", () => {
  it.each<[string, object, RegExp]>([
    ["a missing feed", { x }, /^UNROLL_ARGUMENT program "sum" run input "y": .* got none/],
    ["a feed too many", { x, y, z: x }, /^UNROLL_ARGUMENT .*expected feeds for x, y, got "z" too/],
    [
      "another dtype",
      { x: tensor([[1, 1]], undefined, "int32"), y },
      /^UNROLL_SHAPE .*"x".*got int32 \[1, 2\]/,
    ],
    [
      "another size",
      { x: tensor([[1, 1, 1]]), y },
      /expected float32 \[batch = 1, 2\], got float32 \[1, 3\]/,
    ],
    ["another rank", { x, y: x }, /expected float32 \[batch = 1, time, 2\], got float32 \[1, 2\]/],
    [
      "another size of a symbolic dim",
      { x, y: tensor([[[1, 2]], [[3, 4]]]) },
      /expected float32 \[batch = 1, time, 2\], got float32 \[2, 1, 2\]/,
    ],
    ["none of a symbolic dim", { x, y: tensor([], [1, 0, 2]) }, /UNROLL_SHAPE .*got float32 \[1, 0, 2\]/],
    ["too few elements", { x: { ...x, data: new Float32Array(1) }, y }, /UNROLL_SHAPE .*"x"/],
  ])("refuses %s", async (_what, feeds, message) => {
    const executable = await prepare(builtin(), program(), { w });
    expect(await messageOf(() => executable.run(feeds as Parameters<typeof executable.run>[0]))).toMatch(
      message,
    );
  });

  it.each<[string, WeightMap, RegExp]>([
    ["a missing weight", {}, /^UNROLL_WEIGHTS program "sum" param "w": expected float32 \[2, 2\], got none/],
    ["another shape", { w: x }, /got float32 \[1, 2\] of 2/],
    ["a shape that its data do not fill", { w: { ...w, data: new Float32Array(3) } }, /\[2, 2\] of 3/],
  ])("refuses %s", async (_what, weights, message) => {
    expect(await messageOf(() => prepare(builtin(), program(), weights))).toMatch(message);
    expect(await messageOf(() => prepareSync(builtin(), program(), weights))).toMatch(message);
    const executable = await prepare(builtin(), program(), { w });
    expect(await messageOf(() => executable.rebind(weights))).toMatch(message);
  });

  it("keeps its weights when the caller's arrays change, and runs nothing after dispose", async () => {
    const own = { ...w, data: w.data.slice() };
    const executable = prepareSync(builtin(), program(), { w: own });
    own.data.fill(0);
    expect([...(await executable.run({ x, y }))["z"]!.readSync!().data]).toEqual([4, 6]);
    executable.dispose();
    executable.dispose();
    expect(await messageOf(() => executable.run({ x, y }))).toMatch(/^UNROLL_DISPOSED/);
    expect(await messageOf(() => executable.rebind({ w }))).toMatch(/^UNROLL_DISPOSED/);
    expect(await messageOf(() => executable.runInto([], [], {}))).toMatch(/^UNROLL_DISPOSED/);
  });

  it("needs a synchronous adapter to be ready at once", async () => {
    const { compileSync: _, ...engine } = builtin();
    expect(await messageOf(() => prepareSync(engine, program(), { w }))).toMatch(/^UNROLL_UNSUPPORTED/);
  });
});
