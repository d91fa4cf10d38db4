import {
  type Adapter,
  compile,
  type HostTensor,
  isUnrollError,
  type SteppableModel,
  tensor,
} from "@unroll/api";
import { type Executable, prepare, ProgramBuilder } from "@unroll/api/adapter";
import { type Case, describeCase, inputsOf } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { stepOf } from "./judge.js";
import { exactOutcome, type Property, Violation } from "./property.js";

async function expectDisposed(place: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isUnrollError(error) && error.code === "UNROLL_DISPOSED") return;
    throw new Violation(
      place,
      `an error of code UNROLL_DISPOSED, got ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw new Violation(place, "an error of code UNROLL_DISPOSED, got a result");
}

/** What an adapter promises of its executables and results: docs/writing-an-adapter.md, step 3. */
async function expectContract(adapter: Adapter): Promise<void> {
  const p = new ProgramBuilder("contract");
  const [x, y] = [
    p.input("x", { dtype: "float32", shape: ["batch", 2] }),
    p.input("y", { dtype: "float32", shape: ["batch", 2] }),
  ];
  p.output("sum", p.block.add(x, y));
  p.output("same", x);
  const executable: Executable = await prepare(adapter, p.finish(), {});
  const feeds = { x: tensor([[1, 2]]), y: tensor([[3, 4]]) };
  const { sum, same } = (await executable.run(feeds)) as Record<
    "sum" | "same",
    Awaited<ReturnType<Executable["run"]>>[string]
  >;
  const held: HostTensor = await sum.read();
  sum.dispose();
  sum.dispose();
  if ([...held.data].join() !== "4,6")
    throw new Violation(
      "a result that was read before it was disposed",
      `4, 6 still, got ${[...held.data].join(", ")}`,
    );
  const other = await same.read();
  if ([...other.data].join() !== "1,2")
    throw new Violation(
      "a result beside the one that was disposed",
      `1, 2 still, got ${[...other.data].join(", ")}`,
    );
  await expectDisposed("reading a disposed result", () => sum.read());
  await expectDisposed("feeding a disposed result", () => executable.run({ ...feeds, x: sum }));
  same.dispose();
  const again = await executable.run(feeds);
  const taken = again["sum"]!.take?.();
  const after = taken ?? (await again["sum"]!.read());
  if ([...after.data].join() !== "4,6")
    throw new Violation(
      taken ? "a result whose memory was taken" : "a run after one that failed",
      `4, 6, got ${[...after.data].join(", ")}`,
    );
  if (taken) await expectDisposed("reading a result whose memory was taken", () => again["sum"]!.read());
  for (const result of Object.values(again)) result.dispose();
  executable.dispose();
  executable.dispose();
  await expectDisposed("a run of a disposed executable", () => executable.run(feeds));
}

export const useAfterDispose: Property<Case> = {
  id: "use-after-dispose",
  title: "what was disposed says so when it is used, and disposing it again does nothing",
  rules: ["ownership", "R21"],
  share: 0.2,
  arbitrary: () => cases({ steppable: true, extent: "none" }),
  describe: describeCase,
  async check(given, { adapter }) {
    await expectContract(adapter);
    const model = (await compile(given.spec, { adapter, weights: given.weights })) as SteppableModel;
    const { state } = await stepOf(model, given, 0, given.state ?? model.zeroState(given.batch));
    state.dispose();
    state.dispose();
    await expectDisposed("step with a disposed state", () => stepOf(model, given, 0, state));
    model.dispose();
    model.dispose();
    await expectDisposed("sequence of a disposed model", () => model.sequence(inputsOf(given)));
    return exactOutcome;
  },
};
