import { builtin } from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import { describe, expect, it } from "vitest";
import { certify, type CertifyReport, certifySuite, faults, htmlReport } from "../src/index.js";
import { fast } from "./settings.js";

const faulty = (id: string): Adapter =>
  faults.find((fault) => fault.id === id)!.breakEngine!(builtin(), { count: 0 });
const example = async (file: string): Promise<() => Adapter> =>
  (
    (await import(
      /* @vite-ignore */ new URL(`../../examples/custom-adapter/${file}`, import.meta.url).href
    )) as { default: () => Adapter }
  ).default;

describe("certify", () => {
  it("reports a counterexample that is small and can be replayed", async () => {
    const options = { seed: 21, runs: 100, only: "oracle-sequence", forms: ["as is"] } as const;
    const {
      properties: [report],
      summary,
    } = await certify(faulty("lstm-gates-g-o"), options);
    expect(summary).toEqual({ passed: 0, failed: 1, unsupported: 0, wrong: 0 });
    const found = report!.counterexample!;
    expect(found.case).toMatch(/^lstm\(1->1\).*; batch 1, time [12]\b/);
    expect(found).toMatchObject({
      seed: 21,
      firstBadIndex: 0,
      got: expect.any(Number) as unknown,
      want: expect.any(Number) as unknown,
      bound: expect.any(Number) as unknown,
      shapes: { "layer0.kernel": [1, 4] },
    });
    const again = await certify(faulty("lstm-gates-g-o"), { ...options, path: found.path });
    expect(again.properties[0]!.counterexample).toMatchObject({
      case: found.case,
      got: found.got,
      want: found.want,
    });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it("calls what was never checked unsupported, not passed", async () => {
    const {
      properties: [report],
      summary,
    } = await certify(builtin(), { seed: 1, runs: 5, only: ["nothing-stays-alive"], forms: ["as is"] });
    expect(summary).toEqual({ passed: 0, failed: 0, unsupported: 1, wrong: 0 });
    expect(report!.reason).toMatch(/can't be counted/);
    const nothing: Adapter = {
      ...builtin(),
      capabilities: { ...builtin().capabilities, primitives: [], composites: {} },
    };
    const refused = await certify(nothing, { seed: 1, runs: 5, only: ["oracle-sequence"], forms: ["as is"] });
    expect(refused.properties[0]).toMatchObject({
      status: "unsupported",
      reason: expect.stringMatching(/claims/) as unknown,
    });
  });

  it.skipIf(fast)(
    "passes the engine of the documentation and fails its broken twin",
    async () => {
      const honest = await certify(await example("adapter.mjs"), { seed: 4, runs: 10 });
      expect(honest.properties.filter(({ status }) => status === "failed")).toEqual([]);
      const twin = await certify(await example("broken.mjs"), {
        seed: 4,
        runs: 40,
        only: ["oracle-sequence", "backward-is-reversed-forward"],
      });
      expect(twin.properties.map(({ status }) => status)).toEqual(["failed", "failed", "failed", "failed"]);
    },
    180_000,
  );

  it("tells how far it is, and stops when asked", async () => {
    const seen: number[] = [];
    await certify(builtin(), {
      seed: 1,
      runs: 5,
      only: "oracle",
      onProgress: ({ runs, of }) => seen.push(runs / of),
    });
    expect(seen[seen.length - 1]).toBeLessThanOrEqual(1);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    await expect(certify(builtin(), { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });

  it("refuses a property that there is none of", async () => {
    await expect(certify(builtin(), { only: "lstms-are-nice" })).rejects.toThrow(
      /expected a property among oracle-sequence, .*got "lstms-are-nice"/,
    );
  });
});

describe("reports", () => {
  it.skipIf(fast)("are one page that needs nothing else", async () => {
    const report: CertifyReport = await certify(faulty("h-and-c-swapped-on-the-way-out"), {
      seed: 2,
      runs: 10,
      only: "oracle",
    });
    const page = htmlReport(report);
    expect(page).toContain("properties failed");
    expect(page).toContain("a whole sequence equals the equations in float64");
    expect(page).toContain(`--seed 2 --only oracle-sequence --path`);
    expect(page).not.toMatch(/<(script|link|img)|https?:/);
  });

  it("make tests that throw with a line to replay", async () => {
    const tests = certifySuite(faulty("recurrence-left-out"), { seed: 9, runs: 30, forms: ["as is"] });
    expect(tests.map(({ name }) => name)).toContain(
      "one step at a time equals the equations in float64 (oracle-step, as is)",
    );
    await expect(tests[0]!.run()).rejects.toThrow(
      /oracle-sequence, as is: .*\n {2}case: .*\n {2}replay: certify\(adapter, \{ seed: 9, path: "/,
    );
    const [sound] = certifySuite(builtin(), { seed: 9, runs: 10 });
    await expect(sound!.run()).resolves.toBeUndefined();
  });
});
