import { layout } from "../program/primitives/layout.js";
import type { OperationSet } from "./operation.js";
import { transpose } from "./transpose.js";

/** What a model needs whose sequences come and go as [batch, time, ...], unless it is compiled time-major. */
export const batchMajorOperations: OperationSet = {
  primitives: { transpose: { record: layout.transpose, bind: transpose } },
};
