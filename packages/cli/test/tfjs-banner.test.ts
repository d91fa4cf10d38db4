import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fast } from "../../../conformance/test/settings.js";
import { withoutBanner } from "../src/tfjs-banner.js";
import { unrollProcess } from "./unroll-process.js";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("TensorFlow.js", () => {
  it.each(fast ? ["tfjs:cpu"] : ["tfjs:cpu", "tfjs:wasm"])("on %s prints no banner", async (adapter) => {
    const argv = ["verify", "fixtures/onnx-attr/manifest.json", "--only", "00_lstm", "--adapter", adapter];
    expect(await unrollProcess(argv)).toMatchObject({ code: 0, err: "" });
    const certify = ["certify", "--adapter", adapter, "--runs", "1", "--only", "oracle-step"];
    expect(await unrollProcess(certify)).toMatchObject({ code: 0, err: "" });
  });

  it("still prints its warnings", async () => {
    await withoutBanner();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    // The same once more, so that other tests of this process find what they had.
    tf.registerKernel(tf.getKernel("Add", "cpu"));
    expect(warn.mock.calls.flat().join()).toContain("'Add' for backend 'cpu' is already registered");
  });
});
