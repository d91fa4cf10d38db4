import { expect, it } from "vitest";
import { fast } from "../../../../../conformance/test/settings.js";
import { kernelsBinary } from "./kernels-binary.js";

it.skipIf(fast)("is what its sources compile to", async () => {
  const script = new URL("../../../../../scripts/build-kernels.mjs", import.meta.url).href;
  const { kernelsModule } = (await import(/* @vite-ignore */ script)) as {
    kernelsModule(): Promise<string>;
  };
  const text = [...(await kernelsModule()).matchAll(/"([^"]*)"[ ;]/g)].map(([, line]) => line).join("");
  expect(kernelsBinary).toBe(text);
});
