import { describe, expect, it } from "vitest";
import { fast } from "../../../conformance/test/settings.js";
import { readManifest } from "../src/verify/manifest.js";
import { root } from "./io.js";

const io = { out: () => undefined, err: () => undefined, interactive: false, cwd: root, env: {} };

// The judge is itself judged: by recorded float64 results of PyTorch, Keras and ONNX's operators.
describe.each([
  ["fixtures/torch/manifest.json", 10000],
  ["fixtures/keras-like/manifest.json", 3000],
  ["fixtures/onnx-attr/manifest.json", 500],
] as const)("the oracle gives the float64 values of %s", (path, values) => {
  it.skipIf(fast)("to 1e-12", async () => {
    const entries = await readManifest(io, path, () => true);
    let compared = 0;
    for (const { cases } of entries)
      for (const { name, exact, want } of cases)
        for (const [result, { shape, data }] of Object.entries(want)) {
          expect(exact[result]!.shape, `${name} ${result}`).toEqual(shape);
          data.forEach((value, k) => {
            if (!(Math.abs(exact[result]!.data[k]! - value) < 1e-12))
              expect.fail(`${name} ${result}[${k}]: oracle ${exact[result]!.data[k]}, recorded ${value}`);
            compared++;
          });
        }
    expect(compared).toBeGreaterThan(values);
  });
});
