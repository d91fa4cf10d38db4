/**
 * Runs models on ONNX Runtime, which the caller passes as a value.
 *
 * @module @unroll/adapter-onnx
 */
import {
  type Adapter,
  chosenClaims,
  CONTRACT,
  knownOptions,
  primitiveNames,
  unrollError,
  type WeightMap,
} from "@unroll/api/adapter";
import { assertLibrary, startDevice } from "./device.js";
import { OnnxExecutable, type Made } from "./executable.js";
import type { Library, OnnxRuntime } from "./library.js";
import { claims, sessionModelOf } from "./onnx-model.js";
import { recurrentComposites } from "./recurrent-operators.js";
import { queueOf } from "./queue.js";

export type { OnnxRuntime } from "./library.js";
export { modelOf } from "./onnx-model.js";
export {
  onnxFile,
  type OnnxFile,
  type OnnxFileOptions,
  type OnnxFileState,
  type OnnxFileValue,
} from "./onnx-file.js";

/** Options of {@link onnx}. */
export interface OnnxOptions {
  /**
   * Execution provider: `wasm` (the default), `webgpu` or `webnn` of onnxruntime-web, `cpu` and others of
   * onnxruntime-node.
   */
  readonly device?: string;
  /**
   * Composites to write as operators of ONNX: `"all"` (the default) that the device does right and well, or
   * names. What is left out runs as its decomposition, by `Scan`, with the same results within rounding; `[]`
   * is for checking one against the other.
   */
  readonly composites?: "all" | readonly string[];
  /**
   * Further options of `InferenceSession.create`, e.g. `{ intraOpNumThreads: 1 }`. Only errors are logged
   * unless `logSeverityLevel` says otherwise.
   */
  readonly sessionOptions?: object;
}

/** Of `logSeverityLevel`. Warnings are about the graph that this package writes, which no user can mend. */
const ERRORS = 3;

const webDevices: readonly string[] = ["wasm", "webgpu", "webnn"];

/**
 * onnxruntime-web 1.30 runs the recurrent operators of a WebGPU session on the CPU, and Softsign, Softplus
 * and LogSoftmax too, and confuses their results on the way to the operators behind them: final states, and
 * an activation behind a dense layer that is an output as well. Found by the conformance suite in Chromium.
 * Their decompositions are right there.
 */
const notOnWebgpu = [...recurrentComposites, "softsign", "softplus", "logSoftmax"];

/**
 * What a device is left without, as its operators there are wrong or no better than the decompositions: on
 * wasm Conv takes 0.3 to 1.7 of the time of its products, the more the larger they are (`cpu` 0.6 to 0.9); on
 * webgpu and webnn it is untried.
 */
const leftOutOn: Readonly<Record<string, readonly string[]>> = {
  wasm: ["convolution"],
  webgpu: [...notOnWebgpu, "convolution"],
  webnn: ["convolution"],
};

/**
 * Its WebGPU kernel of Where takes the wrong element of a condition that stretches, as every mask does;
 * stretched beforehand, masks still go wrong inside a Scan that has another Where, found at 80 runs a
 * property. Its ScatterND knows indices of 64 bits alone, which a Cast on the CPU makes; of two in one
 * program the second reads the indices of the first.
 */
const wrongOnWebgpu: readonly string[] = ["select", "scatterAdd"];

/**
 * Runs models on ONNX Runtime, web or Node: each program becomes an ONNX model of its own, with fused LSTM,
 * GRU and RNN operators.
 *
 * @param library the namespace of `onnxruntime-web` or `onnxruntime-node`
 * @throws UNROLL_ARGUMENT for a composite it does not know; compiling throws UNROLL_CONFIG for a device that
 *   does not start here, UNROLL_ENGINE when the library refuses
 */
export function onnx(library: OnnxRuntime, options: OnnxOptions = {}): Adapter {
  assertLibrary(library);
  const { device = "wasm", composites = "all", sessionOptions = {} } = options;
  const ort = library as Library;
  knownOptions("onnx", options, ["device", "composites", "sessionOptions"]);
  const leftOut = Object.hasOwn(leftOutOn, device) ? leftOutOn[device]! : [];
  const usual = Object.keys(claims).filter((name) => !leftOut.includes(name));
  const chosen = chosenClaims("onnx", claims, composites === "all" ? usual : composites);
  const host = device === "wasm" || device === "cpu";
  // What options say of where it computes or leaves results may be anywhere.
  const elsewhere = "executionProviders" in sessionOptions || "preferredOutputLocation" in sessionOptions;
  // Both libraries write into one object when both are loaded.
  const { web, node, common } = ort.env?.versions ?? {};
  const version = (webDevices.includes(device) ? web : node) ?? common;
  return {
    name: "onnx",
    device,
    ...(version === undefined ? {} : { version }),
    capabilities: {
      contract: CONTRACT,
      primitives:
        device === "webgpu" ? primitiveNames.filter((name) => !wrongOnWebgpu.includes(name)) : primitiveNames,
      composites: chosen,
      precision: "f32",
      losesNaN: device === "webgpu",
      synchronous: false,
      memory: host ? "host" : "device",
    },
    // Whoever names providers of their own hears of them when a session is made.
    start: async () => ("executionProviders" in sessionOptions ? undefined : startDevice(ort, device)),
    async compile(program, weights) {
      const create = async (values: WeightMap, weightInputs: boolean): Promise<Made> => {
        const form = { host: host && !elsewhere, weightInputs };
        const model = sessionModelOf(program, values, device, form);
        try {
          const session = await queueOf(ort).run(() =>
            ort.InferenceSession.create(model.bytes, {
              executionProviders: [device],
              logSeverityLevel: ERRORS,
              ...sessionOptions,
            }),
          );
          return { session, model };
        } catch (cause) {
          throw unrollError({
            code: "UNROLL_ENGINE",
            place: "onnx compile",
            expected: `ONNX Runtime to take program "${program.name}" on ${device}`,
            got: `"${cause instanceof Error ? cause.message : String(cause)}"`,
            cure: "see the cause",
            details: { device },
            cause,
          });
        }
      };
      const made = await create(weights, false);
      return new OnnxExecutable(ort, program, made, device, (values) => create(values, true));
    },
  };
}
