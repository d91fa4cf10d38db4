import { isUnrollError, type Program, ProgramBuilder, tensor } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import { onnx, type OnnxRuntime } from "../src/index.js";

const identity: Program = (() => {
  const p = new ProgramBuilder("identity");
  p.output("y", p.input("x", { dtype: "float32", shape: ["batch"] }));
  return p.finish();
})();

class FakeTensor {
  readonly location: string;
  freed = false;
  constructor(
    readonly type: string,
    readonly data: Float32Array,
    readonly dims: readonly number[],
    location = "cpu",
  ) {
    this.location = location;
  }
  async getData(): Promise<Float32Array> {
    if (this.freed) throw new Error("the buffer is gone");
    return this.data;
  }
  dispose(): void {
    this.freed = true;
  }
}

/**
 * As onnxruntime-web on webgpu: one session at a time is created or run in the whole module, and results are
 * on the device.
 */
function onDevice(): { ort: OnnxRuntime; log: string[] } {
  const log: string[] = [];
  let busy = false;
  const alone = async <T>(what: string, work: () => T): Promise<T> => {
    if (busy) throw new Error("Session already started");
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
    busy = false;
    log.push(what);
    return work();
  };
  const run = ({ x }: { x: FakeTensor }): Record<string, FakeTensor> => {
    if (x.freed) throw new Error("the buffer is gone");
    if (Number.isNaN(x.data[0])) throw new Error("refused");
    return { "y:out": new FakeTensor("float32", x.data.slice(), x.dims, "gpu-buffer") };
  };
  const session = {
    run: (feeds: { x: FakeTensor }) => alone("run", () => run(feeds)),
    release: async () => void log.push("release"),
  };
  return {
    ort: { InferenceSession: { create: () => alone("create", () => session) }, Tensor: FakeTensor },
    log,
  };
}

describe("a library that does one thing at a time", () => {
  it("creates and runs sessions of several adapters one after the other", async () => {
    const { ort, log } = onDevice();
    const [one, other] = await Promise.all(
      [onnx(ort, { device: "webgpu" }), onnx(ort, { device: "webgpu" })].map((adapter) =>
        adapter.compile(identity, {}),
      ),
    );
    const results = await Promise.all(
      [one!, other!, one!, other!].map((executable, k) => executable.run({ x: tensor([k]) })),
    );
    expect(await Promise.all(results.map(async ({ y }) => (await y!.read()).data[0]))).toEqual([0, 1, 2, 3]);
    one!.dispose();
    await other!.run({ x: tensor([4]) });
    expect(log).toEqual(["create", "create", "run", "run", "run", "run", "release", "run"]);
  });

  it("goes on after a failure", async () => {
    const { ort } = onDevice();
    const executable = await onnx(ort, { device: "webgpu" }).compile(identity, {});
    const [failed, next] = await Promise.allSettled([
      executable.run({ x: tensor([NaN]) }),
      executable.run({ x: tensor([1]) }),
    ]);
    expect(failed!.status === "rejected" && isUnrollError(failed!.reason) && failed!.reason.code).toBe(
      "UNROLL_ENGINE",
    );
    expect(next!.status).toBe("fulfilled");
  });

  it("keeps a device's tensor until the run it was fed to is over, and frees it once", async () => {
    const { ort } = onDevice();
    const executable = await onnx(ort, { device: "webgpu" }).compile(identity, {});
    const { y } = await executable.run({ x: tensor([7]) });
    expect(y!.readSync).toBeUndefined();
    const [, waiting] = [executable.run({ x: tensor([0]) }), executable.run({ x: y! })];
    y!.dispose();
    y!.dispose();
    expect((await (await waiting)["y"]!.read()).data[0]).toBe(7);
  });
});
