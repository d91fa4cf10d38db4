import { type CoreCase, stepModes, truthOf } from "../core-case.js";
import type { Mode, RecordedCase } from "../recorded.js";
import type { RecordedTensors } from "../recorded-tensors.js";
import { callCell, callModule } from "./torch-call.js";
import type { TorchEntry } from "./torch-entry.js";
import { torchModule } from "./torch-module.js";
import { torchRecording } from "./torch-recording.js";
import { torchRun } from "./torch-run.js";

/**
 * Makes a case ready.
 *
 * @throws UNROLL_UNSUPPORTED when the facade can't express the module, UNROLL_FORMAT when the file is not as
 *   it says
 */
export function torchCase(entry: TorchEntry, tensors: RecordedTensors, place: string): RecordedCase {
  const recording = torchRecording(entry, tensors);
  const make = () => torchModule(entry, tensors, place);
  const module = make();
  const { example } = recording;
  const [spec, weights] = [module.spec({ example }), module.canonicalWeights({ example })];
  const core: CoreCase = { spec, weights, runs: [torchRun(spec, recording)] };
  const modes: Mode[] = recording.isCell
    ? [{ mode: "step", run: (adapter) => callCell(make(), recording, adapter) }]
    : [{ mode: "sequence", run: (adapter) => callModule(make(), recording, adapter) }, ...stepModes(core)];
  const results = ["output", "h_n", ...(recording.isLstm ? ["c_n"] : [])];
  return {
    name: entry.name,
    want: Object.fromEntries(results.map((name) => [name, tensors.result(`f64.${name}`)])),
    ...truthOf(core),
    modes,
  };
}
