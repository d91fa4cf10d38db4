import { control } from "./control.js";
import { elementwise } from "./elementwise.js";
import { layout } from "./layout.js";
import type { Operator } from "./node-call.js";
import { norms } from "./norms.js";
import { recurrentOperators } from "./recurrent.js";
import { reducing } from "./reducing.js";
import { resizing } from "./resizing.js";
import { windows } from "./windows.js";

let all: ReadonlyMap<string, Operator> | undefined;

/** Made when first asked for, so that pages without graphs have none of it. */
const table = (): ReadonlyMap<string, Operator> =>
  (all ??= new Map(
    [
      recurrentOperators(),
      elementwise(),
      layout(),
      reducing(),
      norms(),
      resizing(),
      windows(),
      control(),
    ].flatMap((family) => Object.entries(family)),
  ));

/** Names of the operators that `importOnnx` takes, in order. */
export const onnxOperators = (): string[] => [...table().keys()].sort();

/** An operator of ONNX's own set; undefined for one that is not supported. */
export const operatorNamed = (op: string): Operator | undefined => table().get(op);
