import { type Form, refuse } from "../json/form.js";
import { type CellEntry, cellEntry } from "./cell/cell-entry.js";
import { type KerasEntry, kerasEntry } from "./keras/keras-entry.js";
import { type OnnxEntry, onnxEntry } from "./onnx/onnx-entry.js";
import { type SpecEntry, specEntry } from "./spec/spec-entry.js";
import { type TorchEntry, torchEntry } from "./torch/torch-entry.js";

/** An entry of a manifest, by what was recorded. */
export type Entry =
  | { readonly kind: "torch"; readonly entry: TorchEntry }
  | { readonly kind: "keras"; readonly entry: KerasEntry }
  | { readonly kind: "onnx"; readonly entry: OnnxEntry }
  | { readonly kind: "spec"; readonly entry: SpecEntry }
  | { readonly kind: "cell"; readonly entry: CellEntry };

/** Reads an entry, whose kind its members tell. */
export const entryOf: Form<Entry> = (value, place) => {
  const has = (key: string): boolean =>
    typeof value === "object" && value !== null && Object.hasOwn(value, key);
  if (has("spec")) return { kind: "spec", entry: specEntry(value, place) };
  if (has("cell")) return { kind: "cell", entry: cellEntry(value, place) };
  if (has("op")) return { kind: "onnx", entry: onnxEntry(value, place) };
  if (has("module")) return { kind: "torch", entry: torchEntry(value, place) };
  if (has("layer")) return { kind: "keras", entry: kerasEntry(value, place) };
  return refuse(place, "name, file, and module, layer or spec, or name and cell or op", value);
};
