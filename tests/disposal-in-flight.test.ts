import {
  compile,
  gruCell,
  type HostTensor,
  input,
  lstmCell,
  recurrent,
  type RunResult,
  spec,
  specWeights,
  tensor,
} from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import { afterEach, describe, expect, it } from "vitest";
import { engines, liveSessions, liveTensors } from "./engines.js";

const small = spec({
  name: "small",
  inputs: [input({ name: "x", shape: [3] })],
  layers: [
    recurrent({ name: "one", input: "x", cell: lstmCell({ inputSize: 3, units: 4 }) }),
    recurrent({ name: "two", input: "one", cell: gruCell({ inputSize: 4, units: 5 }) }),
  ],
});

const weightsOf = (seed: number): Record<string, HostTensor> =>
  Object.fromEntries(
    specWeights(small).map(({ name, shape }, n) => [
      name,
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k + n + seed)),
        shape,
      ),
    ]),
  );

const x = tensor([
  [
    [0.1, 0.2, 0.3],
    [0.4, -0.5, 0.6],
  ],
]);
const frame = tensor([[0.1, -0.2, 0.3]]);
const disposed = { code: "UNROLL_DISPOSED" };

const make = (adapter: Adapter): ReturnType<typeof compile<typeof small>> =>
  compile(small, { adapter, weights: weightsOf(1) });

const numbers = async ({ output, state }: RunResult): Promise<unknown> => ({
  output,
  state: await state.toTypedArrays(),
});

/** Once every release that was asked for has come. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

describe.each(Object.entries(engines))("a model of %s that is disposed", (_engine, engine) => {
  const before = { tensors: liveTensors(), sessions: liveSessions() };
  const nothingIsLeft = async (): Promise<void> => {
    await settled();
    expect({ tensors: liveTensors(), sessions: liveSessions() }).toEqual(before);
  };
  afterEach(nothingIsLeft);

  it("finishes the runs that were asked for, and refuses those asked for afterwards", async () => {
    const honest = await make(engine());
    const want = await numbers(await honest.sequence(x));
    const wantStep = await numbers(await honest.step(frame, honest.zeroState(1)));
    honest.dispose();

    const model = await make(engine());
    const zeros = model.zeroState(1);
    const runs = [model.sequence(x), model.step(frame, zeros), model.sequence(x)];
    model.dispose();
    await expect(model.sequence(x)).rejects.toMatchObject(disposed);
    await expect(model.step(frame, zeros)).rejects.toMatchObject(disposed);
    await expect(model.rebind({})).rejects.toMatchObject(disposed);
    const got = await Promise.all(runs);
    expect(await Promise.all(got.map(numbers))).toEqual([want, wantStep, want]);
  });

  it("finishes a run from a state on its device, which then ends as it does without a run", async () => {
    const honest = await make(engine());
    const first = await honest.step(frame, honest.zeroState(1));
    const want = await numbers(await honest.step(frame, first.state));
    honest.dispose();

    const model = await make(engine());
    const { state } = await model.step(frame, model.zeroState(1));
    const held = state.onDevice;
    const run = model.step(frame, state);
    model.dispose();
    expect(await numbers(await run)).toEqual(want);
    // The step has moved it to the host, where a state outlives its model.
    await expect(state.toTypedArrays()).resolves.toBeDefined();

    const idle = await make(engine());
    const { state: other } = await idle.step(frame, idle.zeroState(1));
    idle.dispose();
    if (held) await expect(other.toTypedArrays()).rejects.toMatchObject(disposed);
    else await expect(other.toTypedArrays()).resolves.toBeDefined();
  });

  it("finishes the steps that queue in a stream", async () => {
    const honest = await make(engine());
    const outputs = async (stream: ReturnType<typeof honest.stream>, then: () => void): Promise<unknown> => {
      const steps = [stream.step(frame), stream.step(frame), stream.step(frame)];
      then();
      return Promise.all(steps);
    };
    const stream = honest.stream();
    const want = await outputs(stream, () => undefined);
    stream.dispose();
    honest.dispose();
    const model = await make(engine());
    const late = model.stream();
    expect(await outputs(late, () => model.dispose())).toEqual(want);
    await expect(late.step(frame)).rejects.toMatchObject(disposed);
    late.dispose();
  });

  it("finishes a change of weights and the runs behind it", async () => {
    const honest = await make(engine());
    await honest.sequence(x);
    await honest.rebind(weightsOf(2));
    const want = await numbers(await honest.sequence(x));
    honest.dispose();
    const model = await make(engine());
    await model.sequence(x);
    const binding = model.rebind(weightsOf(2));
    const run = model.sequence(x);
    model.dispose();
    await binding;
    expect(await numbers(await run)).toEqual(want);
  });
});

/** An adapter whose compile fails while `failing` is true; without `rebind`, so that new weights compile. */
function fickle(adapter: Adapter): { readonly adapter: Adapter; failing: boolean } {
  const control = {
    failing: false,
    adapter: {
      name: adapter.name,
      device: adapter.device,
      capabilities: { ...adapter.capabilities, synchronous: false },
      async compile(program, weights) {
        if (control.failing) throw new Error("no memory");
        const made = await adapter.compile(program, weights);
        return { run: (feeds) => made.run(feeds), dispose: () => made.dispose() };
      },
    } satisfies Adapter,
  };
  return control;
}

describe.each(Object.entries(engines))("a model of %s whose engine fails to compile", (_engine, engine) => {
  it("goes on with what it has, and compiles again when it is asked again", async () => {
    const control = fickle(engine());
    const model = await make(control.adapter);
    const want = await numbers(await model.sequence(x));
    control.failing = true;
    const running = model.sequence(x);
    await expect(model.step(frame, model.zeroState(1))).rejects.toThrow("no memory");
    expect(await numbers(await running)).toEqual(want);
    expect(await numbers(await model.sequence(x))).toEqual(want);
    control.failing = false;
    const wantStep = await numbers(await model.step(frame, model.zeroState(1)));

    control.failing = true;
    await expect(model.rebind(weightsOf(2))).rejects.toThrow("no memory");
    await expect(model.sequence(x)).rejects.toThrow("no memory");
    control.failing = false;
    const rebound = await numbers(await model.sequence(x));
    expect(rebound).not.toEqual(want);
    await model.rebind(weightsOf(1));
    expect(await numbers(await model.sequence(x))).toEqual(want);
    expect(await numbers(await model.step(frame, model.zeroState(1)))).toEqual(wantStep);
    model.dispose();
  });
});

it("stepInto goes on with new weights on a synchronous engine that can't bind them anew", async () => {
  const adapter = engines["builtin"]!();
  const without: Adapter = {
    ...adapter,
    compileSync(program, weights) {
      const made = adapter.compileSync!(program, weights);
      return {
        run: (feeds) => made.run(feeds),
        runInto: (inputs, outputs, dims) => made.runInto(inputs, outputs, dims),
        dispose: () => made.dispose(),
      };
    },
  };
  const model = await make(without);
  await model.rebind(weightsOf(2));
  const want = await model.step(frame, model.zeroState(1));
  const out = new Float32Array(5);
  model.stepInto(frame.data, model.zeroState(1), out);
  expect(out).toEqual(want.output.data);
  model.dispose();
});
