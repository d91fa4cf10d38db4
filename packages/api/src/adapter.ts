/**
 * Everything an adapter author imports: `@unroll/api/adapter`.
 *
 * @module @unroll/api/adapter
 */
export type { Adapter, Executable, Feed, SyncExecutable, WeightMap } from "./contract/adapter.js";
export {
  assertContract,
  type Capabilities,
  chosenClaims,
  type CompositeClaim,
  CONTRACT,
} from "./contract/capabilities.js";
export { type GateNames, gates, onnxGates, onnxPeepholeGates, peepholeGates } from "./contract/gates.js";
export { knownOptions } from "./contract/known-options.js";
export {
  UnrollError,
  isUnrollError,
  type Refusal,
  unrollError,
  type UnrollErrorCode,
  type UnrollErrorDetails,
} from "./contract/error.js";
export {
  allocate,
  isHostTensor,
  sizeOf,
  tensor,
  type DeviceTensor,
  type DType,
  type DTypeArray,
  type HostTensor,
  type Nested,
} from "./contract/tensor.js";
export { primitiveNames, primitiveOf, type Primitive, type PrimitiveName } from "./program/primitives.js";
export type {
  Attrs,
  AttrValue,
  CompositeNode,
  Dim,
  Named,
  Node,
  PrimitiveNode,
  Program,
  Region,
  ScanNode,
  Typed,
  ValueId,
  ValueType,
} from "./contract/program.js";
export type { Block, NamedValues, Value } from "./program/builder.js";
export { ProgramBuilder } from "./program/program-builder.js";
export { legalize, prepare, prepareSync, programFromJson, verify } from "./lowering/outside-programs.js";
export { type Prepared, takenWeights } from "./program/prepare.js";
export { activationNames, type Activation } from "./layers/activations.js";
export { type Arithmetic, composedSines } from "./program/composed-sine.js";
export { print } from "./program/print.js";
export { programHash, programToJson } from "./program/json.js";
export { elementMaps } from "./builtin/element-maps.js";
export type { ElementMap } from "./builtin/maps.js";
