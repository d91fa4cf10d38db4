import { evaluateDim } from "../program/dims.js";
import { type AliasName, type PrimitiveName, primitives } from "../program/primitives.js";
import { elementwise } from "./elementwise.js";
import { layout } from "./layout.js";
import { each, unary } from "./map-binder.js";
import type { OperationSet, PrimitiveOperation } from "./operation.js";
import { primitiveMaps } from "./primitive-maps.js";
import { reductions } from "./reductions.js";
import { bindScan } from "./scan.js";
import type { Binder } from "./slot.js";

/** How each primitive is run that is more than another shape of the same memory. */
const binders: Readonly<Record<Exclude<PrimitiveName, AliasName>, Binder>> = {
  ...elementwise,
  ...layout,
  ...reductions,
  not: each(primitiveMaps.not),
  neg: unary("neg", primitiveMaps.neg),
  exp: unary("exp", primitiveMaps.exp),
  log: each(primitiveMaps.log),
  sqrt: unary("sqrt", primitiveMaps.sqrt),
  abs: unary("abs", primitiveMaps.abs),
  floor: unary("floor", primitiveMaps.floor),
  sin: each(primitiveMaps.sin),
  cos: each(primitiveMaps.cos),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
};

const operation = ([name, record]: readonly [string, PrimitiveOperation["record"]]): readonly [
  string,
  PrimitiveOperation,
] => [name, { record, bind: (binders as Readonly<Record<string, Binder>>)[name] ?? null }];

/** Every primitive, and scans: what a model needs that has more than the composites of the other sets. */
export const primitiveOperations: OperationSet = {
  primitives: Object.fromEntries(Object.entries(primitives).map(operation)),
  control: { scan: bindScan, evaluateDim },
};
