import { certify, type CertifyReport } from "@unroll/conformance";
import * as tf from "@tensorflow/tfjs";
import { engines } from "./engines.js";

/** Certifies one engine of this browser. A device that does not start here is an error with its reason. */
async function certifyEngine(
  engine: string,
  options: { runs: number; seed: number; forms: ("as is" | "expanded")[] },
): Promise<CertifyReport> {
  return certify(engines[engine]!(), {
    ...options,
    ...(engine.startsWith("tfjs") ? { alive: () => tf.memory().numTensors } : {}),
  });
}

await tf.setBackend("cpu");
Object.assign(globalThis, { certifyEngine, engineNames: Object.keys(engines) });
