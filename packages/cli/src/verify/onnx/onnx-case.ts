import { type Adapter, compile, type HostTensor } from "@unroll/api";
import { type OnnxOperator, onnxOperatorSpec, onnxWeightsSpec } from "@unroll/api/cells";
import { type AnyTensor, fromOnnx } from "@unroll/api/weights";
import { type CoreCase, stepModes, truthOf } from "../core-case.js";
import type { RecordedCase } from "../recorded.js";
import { type RecordedTensors, refusal } from "../recorded-tensors.js";
import type { NamedResults } from "../results.js";
import type { OnnxEntry } from "./onnx-entry.js";
import { onnxOperator } from "./onnx-operator.js";
import { onnxRun } from "./onnx-run.js";

/**
 * Makes a case ready.
 *
 * @param initializers weights of the ONNX file
 * @throws UNROLL_UNSUPPORTED when a spec can't express the operator, UNROLL_FORMAT when the file is not as it
 *   says
 */
export function onnxCase(
  entry: OnnxEntry,
  tensors: RecordedTensors,
  initializers: Readonly<Record<string, AnyTensor>>,
  place: string,
): RecordedCase {
  const operator = onnxOperator(entry, place);
  const spec = onnxOperatorSpec(operator);
  const { weights } = fromOnnx(onnxWeightsSpec(operator), initializers, [
    { layer: "layer", names: { W: "W", R: "R", B: "B", P: "P" } },
  ]);
  checkOutputs(entry, operator, place);
  const core: CoreCase = { spec, weights, runs: [onnxRun(entry, operator, spec, tensors)] };
  return {
    name: entry.name,
    want: Object.fromEntries(entry.outputs.map((output) => [output, tensors.result(`f64.${output}`)])),
    ...truthOf(core),
    modes: [{ mode: "sequence", run: (adapter) => runWhole(core, adapter) }, ...stepModes(core)],
  };
}

/** An operator has its outputs, each once. */
function checkOutputs({ outputs }: OnnxEntry, { op }: OnnxOperator, place: string): void {
  const known = op === "LSTM" ? ["Y", "Y_h", "Y_c"] : ["Y", "Y_h"];
  const wrong = outputs.find((output, k) => !known.includes(output) || outputs.indexOf(output) !== k);
  if (wrong !== undefined)
    throw refusal(place, `outputs among ${known.join(", ")}, each once`, JSON.stringify(wrong));
}

/** Runs the whole sequence on the core: no facade stands between, as there is none for single operators. */
async function runWhole({ spec, weights, runs }: CoreCase, adapter: Adapter): Promise<NamedResults> {
  const { run, named } = runs[0]!;
  const model = await compile(spec, { adapter, weights });
  const { outputs, state } = await model.sequence(run.inputs["x"]!, {
    ...(run.lengths && { lengths: Array.from(run.lengths.data) }),
    ...(run.state && { state: run.state as Record<string, Record<string, HostTensor>> }),
  });
  const finalState = await state.toTypedArrays();
  model.dispose();
  return named({ outputs, state: finalState });
}
