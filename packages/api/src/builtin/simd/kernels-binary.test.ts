import { expect, it } from "vitest";
import { fast } from "../../../../../conformance/test/settings.js";
import { START } from "./heap.js";
import { kernelsBinary } from "./kernels-binary.js";
import { compiledKernels } from "./simd-kernel-source.js";
import { webAssembly } from "./web-assembly.js";

it.skipIf(fast)("is what its sources compile to", async () => {
  const script = new URL("../../../../../scripts/build-kernels.mjs", import.meta.url).href;
  const { kernelsModule } = (await import(/* @vite-ignore */ script)) as {
    kernelsModule(): Promise<string>;
  };
  const text = [...(await kernelsModule()).matchAll(/"([^"]*)"[ ;]/g)].map(([, line]) => line).join("");
  expect(kernelsBinary).toBe(text);
});

it("has its constants below the first address that models get", () => {
  const { Instance, Memory } = webAssembly()!;
  const memory = new Memory({ initial: 1, maximum: 1 });
  const bytes = new Uint8Array(memory.buffer).fill(0xa5);
  new Instance(compiledKernels()!, { env: { memory } });
  const written = bytes.reduce((last, byte, at) => (byte === 0xa5 ? last : at), 0);
  expect(written).toBeGreaterThan(0);
  expect(written).toBeLessThan(START);
});
