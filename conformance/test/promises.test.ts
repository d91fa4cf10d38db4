import { type Adapter, builtin, type HostTensor, tensor } from "@unroll/api";
import { type DeviceTensor, ProgramBuilder, unrollError } from "@unroll/api/adapter";
import { afterEach, describe, expect, it, vi } from "vitest";
import { expectArray, heldToPromises } from "../src/properties/promises.js";

const program = (() => {
  const p = new ProgramBuilder("doubled");
  const x = p.input("x", { dtype: "float32", shape: ["batch", 2] });
  p.output("y", p.block.add(x, x));
  p.output("n", p.block.argmax(x, 1));
  return p.finish();
})();
const feeds = { x: tensor([[1, 2]]) };

const deviceOf = (held: HostTensor): DeviceTensor => ({
  dtype: held.dtype,
  shape: held.shape,
  read: async () => held,
  dispose: () => undefined,
});
const honest = {
  y: tensor([[2, 4]]),
  n: tensor([1], [1, 1], "int32"),
};

/** An adapter whose runs return what they are told to. */
const returning = (results: Readonly<Record<string, HostTensor>>, rest: Partial<Adapter> = {}): Adapter => ({
  ...builtin(),
  compile: async () => ({
    run: async () =>
      Object.fromEntries(Object.entries(results).map(([name, held]) => [name, deviceOf(held)])),
    dispose: () => undefined,
  }),
  ...rest,
});
const refusal = (details: Readonly<Record<string, unknown>> = {}) =>
  unrollError({
    code: "UNROLL_UNSUPPORTED",
    place: "adapter",
    expected: "less",
    got: "more",
    cure: "ask for less",
    details,
  });
const throwing = (error: unknown): Adapter => ({
  ...builtin(),
  compile: () => Promise.reject(error as Error),
});
const ran = async (adapter: Adapter) => (await heldToPromises(adapter).compile(program, {})).run(feeds);

afterEach(() => vi.useRealTimers());

describe("heldToPromises", () => {
  it("passes on what is as declared", async () => {
    const { y } = await ran(returning(honest));
    expect([...(await y!.read()).data]).toEqual([2, 4]);
    await expect(ran(builtin())).resolves.toBeDefined();
  });

  it.each([
    ["a result too few", { y: honest.y }, "results y, n, got y"],
    ["no result", {}, "results y, n, got none"],
    ["a result too many", { ...honest, z: honest.y }, "results y, n, got y, n, z"],
    ["another name", { y: honest.y, m: honest.n }, "results y, n, got y, m"],
    ["another dtype", { ...honest, n: tensor([[1]]) }, 'result "n": expected int32 [batch, 1], got float32'],
    [
      "another rank",
      { ...honest, y: tensor([2, 4]) },
      'result "y": expected float32 [batch, 2], got float32 [2]',
    ],
    ["an axis more", { ...honest, y: tensor([2, 4], [1, 2, 1]) }, 'result "y"'],
    ["another size", { ...honest, y: tensor([[2, 4, 6]]) }, 'result "y"'],
    ["another size of a named axis", { ...honest, y: tensor([2, 4, 2, 4], [2, 2]) }, 'result "y"'],
  ])("refuses %s", async (_what, results, words) => {
    await expect(ran(returning(results as typeof honest))).rejects.toThrow(words);
    await expect(ran(returning(results as typeof honest))).rejects.toMatchObject({ name: "Violation" });
  });

  it("takes results in any order", async () => {
    await expect(ran(returning({ n: honest.n, y: honest.y }))).resolves.toBeDefined();
  });

  it("does not work out axes that follow from others", async () => {
    const p = new ProgramBuilder("merged");
    const x = p.input("x", { dtype: "float32", shape: ["batch", 2] });
    p.output("y", p.block.mergeAxes(x, 0, 2));
    const held = (await heldToPromises(builtin()).compile(p.finish(), {})).run(feeds);
    await expect(held).resolves.toBeDefined();
  });

  it("calls a refusal of what is claimed a broken promise", async () => {
    await expect(ran(throwing(refusal()))).rejects.toThrow(
      'program "doubled" compile: expected what its capabilities claim to be done, got adapter',
    );
    await expect(ran(throwing(refusal()))).rejects.toMatchObject({ name: "Violation" });
  });

  it("lets an engine refuse integers past those that it claims", async () => {
    const small = (details: Readonly<Record<string, unknown>>): Adapter => ({
      ...throwing(refusal(details)),
      capabilities: { ...builtin().capabilities, largestInteger: 2048 },
    });
    await expect(ran(small({ largest: 2048 }))).rejects.toMatchObject({ code: "UNROLL_UNSUPPORTED" });
    await expect(ran(small({ largest: 1024 }))).rejects.toMatchObject({ name: "Violation" });
    await expect(ran(throwing(refusal({ largest: undefined })))).rejects.toMatchObject({ name: "Violation" });
  });

  it("passes on every other error as it is", async () => {
    const other = unrollError({ code: "UNROLL_SHAPE", place: "a", expected: "b", got: "c", cure: "d" });
    await expect(ran(throwing(other))).rejects.toBe(other);
    const plain = Object.assign(new Error("no"), { code: "UNROLL_UNSUPPORTED" });
    await expect(ran(throwing(plain))).rejects.toBe(plain);
  });

  it("waits two minutes for an answer, and no more", async () => {
    vi.useFakeTimers();
    const silent: Adapter = { ...builtin(), compile: () => new Promise(() => undefined) };
    const asked = ran(silent).then(
      () => "an answer",
      (error: Error) => error.message,
    );
    let answer: string | undefined;
    void asked.then((text) => (answer = text));
    await vi.advanceTimersByTimeAsync(119_000);
    expect(answer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(answer).toBe('program "doubled" compile: expected an answer within 120 s, got none');
    await ran(returning(honest));
    expect(vi.getTimerCount()).toBe(0);
  });

  it("holds starts, rebinds and what runs at once to the same", async () => {
    const refusing = (): never => {
      throw refusal();
    };
    const started = heldToPromises({ ...builtin(), start: async () => refusing() });
    await expect(started.start!()).rejects.toMatchObject({ name: "Violation" });
    const rebound = heldToPromises({
      ...builtin(),
      compile: async (...given) => ({
        ...(await builtin().compile(...given)),
        rebind: async () => refusing(),
      }),
    });
    const executable = await rebound.compile(program, {});
    await expect(executable.rebind!({})).rejects.toMatchObject({ name: "Violation" });
    const refused = heldToPromises({ ...builtin(), compileSync: refusing });
    expect(() => refused.compileSync!(program, {})).toThrow(/what its capabilities claim/);
    const inner = builtin().compileSync!(program, {});
    const late = heldToPromises({
      ...builtin(),
      compileSync: () => ({ run: (given) => inner.run(given), runInto: refusing, dispose: () => undefined }),
    }).compileSync!(program, {});
    expect(() => late.runInto([], [], {})).toThrow(/runInto: expected what its capabilities claim/);
  });

  it("adds nothing that the adapter has not, and leaves out nothing that it has", async () => {
    const bare = heldToPromises(throwing(refusal()));
    expect(bare).toMatchObject({ name: "builtin", capabilities: builtin().capabilities });
    const { name, device, capabilities, compile } = builtin();
    const less = heldToPromises({ name, device, capabilities, compile });
    expect(Object.keys(less).sort()).toEqual(["capabilities", "compile", "device", "name"]);
    const ofExecutable = Object.keys(await heldToPromises(returning(honest)).compile(program, {}));
    expect(ofExecutable.sort()).toEqual(["dispose", "run"]);
    const more = heldToPromises({ ...builtin(), version: "7", start: async () => undefined });
    expect(more.version).toBe("7");
    expect(more.start).toBeDefined();
    expect(more.compileSync).toBeDefined();
  });
});

describe("expectArray", () => {
  it.each([
    ["float32", Float32Array, Int32Array],
    ["int32", Int32Array, Float32Array],
    ["bool", Uint8Array, Int32Array],
  ] as const)("wants the array of %s", (dtype, own, other) => {
    const held = (data: object) => ({ dtype, shape: [1], data }) as unknown as HostTensor;
    expect(() => expectArray("y", held(new own(1)))).not.toThrow();
    expect(() => expectArray("y", held(new other(1)))).toThrow(
      `y: expected a ${own.name} for ${dtype}, got ${other.name}`,
    );
  });
});
