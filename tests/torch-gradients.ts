import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "@unroll/api/weights";
import { recordedTensors } from "../packages/cli/src/verify/recorded-tensors.js";
import { torchEntry } from "../packages/cli/src/verify/torch/torch-entry.js";
import { type TorchGradients, torchGradients } from "../packages/cli/src/verify/torch/torch-gradients.js";

const folder = fileURLToPath(new URL("../fixtures/torch/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${folder}manifest.json`, "utf8")) as {
  cases: { readonly gradients: boolean; readonly name: string; readonly file: string }[];
};

/** Every case whose gradients were recorded. */
export const recordedGradients = (): (TorchGradients & { readonly name: string })[] =>
  cases
    .filter((one) => one.gradients)
    .map((one) => {
      const { name, file } = one;
      const entry = torchEntry(one, { file: "manifest.json", path: "cases", cure: "record it again" });
      const { tensors } = readSafetensors(readFileSync(folder + file));
      return { name, ...torchGradients(entry, recordedTensors(name, tensors), name) };
    });
