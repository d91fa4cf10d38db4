import { readFileSync } from "node:fs";
import type { Adapter } from "@unroll/api/adapter";
import { nn, type Tensor } from "@unroll/api/torch";
import { type Port, type PortReport, readPortRecord, verifyPort } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

// Modules of a user's own, recorded by record() in PyTorch, against ports of them, right and wrong.

const ports = (await import(
  /* @vite-ignore */ new URL("../fixtures/port-records/ports.mjs", import.meta.url).href
)) as Record<string, new () => nn.Module>;

const bytesOf = (name: string): Uint8Array =>
  readFileSync(new URL(`../fixtures/port-records/${name}.safetensors`, import.meta.url));

const every = (): Record<string, Adapter> =>
  Object.fromEntries(Object.entries(engines).map(([name, make]) => [name, make()]));

const wrong = ({ checks }: PortReport): [number, string, string | null][] =>
  checks
    .filter(({ status }) => status !== "passed")
    .map(({ call, mode, reason }) => [call, mode, reason] as [number, string, string | null]);

describe("a port that is right", () => {
  it.each([
    ["tagger", "Tagger", 1],
    ["loop", "Loop", 3],
    ["seq2seq", "Seq2Seq", 1],
    ["ragged", "Ragged", 1],
  ])("%s gives what PyTorch gave, at once and on every engine", async (file, name, calls) => {
    const adapters = every();
    const report = await verifyPort(ports[name]!, bytesOf(file), { adapters });
    const given = new Set(report.checks.map(({ mode, adapter }) => `${mode} ${adapter}`));
    // A dictionary among its arguments is no argument of run's.
    const noRun = name === "Seq2Seq";
    expect(wrong(report).filter(([, mode]) => !(noRun && mode === "run"))).toEqual([]);
    expect(report).toMatchObject({ module: name, bounds: "derived", whyRecorded: null });
    expect([...given]).toEqual(["call builtin", ...Object.keys(adapters).map((one) => `run ${one}`)]);
    const made = calls * Object.keys(adapters).length;
    expect(report.summary).toEqual({
      passed: noRun ? 1 : calls + made,
      failed: 0,
      unsupported: noRun ? made : 0,
    });
    for (const { status, errorOverBound } of report.checks)
      if (status === "passed") expect(errorOverBound).toBeLessThan(1);
  });

  it("that can't be traced is held to what PyTorch's own float32 is off by", async () => {
    const report = await verifyPort(ports["Keeping"]!, bytesOf("keeping"));
    expect(report).toMatchObject({ bounds: "recorded", summary: { passed: 3, failed: 0, unsupported: 3 } });
    expect(report.whyRecorded).toMatch(/^UNROLL_UNSUPPORTED Keeping forward: expected/);
    expect(report.checks[3]!.reason).toMatch(/^UNROLL_UNSUPPORTED Keeping forward/);
    expect(report.checks[4]!.reason).toBe("not made after call 0");
  });

  it("may be an instance, a function, or a promise of one", async () => {
    const record = readPortRecord(bytesOf("loop"));
    const makers: Port[] = [
      new ports["Loop"]!(),
      () => new ports["Loop"]!(),
      async () => new ports["Loop"]!(),
    ];
    for (const port of makers)
      expect((await verifyPort(port, record)).summary).toEqual({ passed: 6, failed: 0, unsupported: 0 });
  });
});

describe("a port that is wrong is caught, with the place", () => {
  it.each([
    ["tagger", "TimeMajorTagger", 0, /^result\[2\]: expected float32 \[3, 5\], got float32 \[5, 5\]$/],
    ["tagger", "LinearTagger", 0, /^result\[0\]\[0, 0, \d\]: expected -\d.* within \d\.\de-\d, got -\d/],
    ["loop", "SwappedLoop", 0, /^result\[0\]\[0, 0, 0\]: expected .* within/],
    ["loop", "ForgetfulLoop", 1, /^result\[0\]\[0, 0, 0\]: expected .* within/],
    ["loop", "ShortLoop", 0, /^result\[1\]: expected a list of 2, got float32 \[2, 4\]$/],
    ["loop", "FailingLoop", 0, /^TypeError: this\.missing is not a function$/],
    ["keeping", "Resetting", 1, /^result\[0, 0\]: expected/],
  ])("%s by %s", async (file, name, call, reason) => {
    const { checks } = await verifyPort(ports[name]!, bytesOf(file));
    for (const mode of ["call", "run"] as const) {
      if (name === "Resetting" && mode === "run") continue;
      const first = checks.find((one) => one.mode === mode && one.status === "failed")!;
      expect([mode, first.call]).toEqual([mode, call]);
      expect(first.reason).toMatch(reason);
    }
  });

  it("as data: call, output, index, both values and the bound", async () => {
    const { checks } = await verifyPort(ports["SwappedLoop"]!, bytesOf("loop"));
    const { first } = checks[0]!;
    expect(first).toMatchObject({ output: "[0]", index: [0, 0, 0] });
    const { want } = { want: readPortRecord(bytesOf("loop")).calls[0]!.result };
    const values = want.kind === "list" && want.items[0]!.kind === "tensor" ? want.items[0]!.tensor.data : [];
    expect(first!.expected).toBe(values[0]);
    expect(Math.abs((first!.got as number) - values[0]!)).toBeGreaterThan(first!.bound!);
  });

  it("or an engine: the first of its elements that is off", async () => {
    const off: Adapter = engines["builtin"]!();
    const broken: Adapter = {
      ...off,
      capabilities: off.capabilities,
      async compile(...given: Parameters<Adapter["compile"]>) {
        const executable = await off.compile(...given);
        return {
          ...executable,
          async run(...feeds: Parameters<typeof executable.run>) {
            const results = await executable.run(...feeds);
            const [name, one] = Object.entries(results).find(([key]) => key === "result.0")!;
            const read = async () => {
              const value = await one.read();
              value.data[3]! *= 1.001;
              return value;
            };
            return { ...results, [name]: { ...one, read, dispose: () => one.dispose() } };
          },
          dispose: () => executable.dispose(),
        } as never;
      },
    };
    const { checks } = await verifyPort(ports["Loop"]!, bytesOf("loop"), { adapters: { broken } });
    expect(checks.slice(0, 3).map(({ status }) => status)).toEqual(["passed", "passed", "passed"]);
    expect(checks[3]).toMatchObject({ adapter: "broken", status: "failed", first: { index: [0, 0, 3] } });
  });
});

describe("verifyPort refuses", () => {
  it("what is no port, no record, and an option that there is none of", async () => {
    const record = bytesOf("loop");
    for (const port of [null, {}, () => 3, "Loop"])
      await expect(verifyPort(port as never, record)).rejects.toThrow(
        "expected an nn.Module, a class of them",
      );
    await expect(verifyPort(ports["Tagger"]!, record)).rejects.toThrow("missing");
    await expect(verifyPort(ports["Loop"]!, record, { adapter: [] } as never)).rejects.toThrow("adapter");
    await expect(verifyPort(ports["Loop"]!, new Uint8Array(3))).rejects.toThrow("safetensors");
  });

  it("no port by its class alone: what it can do counts", async () => {
    class Mine extends nn.Module {
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    await expect(verifyPort(Mine, bytesOf("loop"))).rejects.toThrow("unexpected");
  });
});
