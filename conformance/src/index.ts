/**
 * A float64 oracle, bounds derived for each case, and the properties that an engine must hold.
 *
 * @module @unroll/conformance
 */
export { type Arithmetic, exact } from "./oracle/arithmetic.js";
export { evaluate, type Evaluation, type Float64Tensor, type Run } from "./oracle/evaluate.js";
export { type BoundOptions, deriveBounds, type DerivedBounds } from "./tolerance/bounds.js";
export { deriveProgramBounds, type Judging, type ProgramBounds } from "./properties/hold-program.js";
export type { GivenProgram, ProgramCase } from "./cases/programs.js";
export { compareWithBound, type Comparison, worse } from "./tolerance/compare.js";
export { precisions } from "./tolerance/precision.js";
export { type Bounded, running } from "./tolerance/running.js";
export { generator } from "./tolerance/random.js";
export { type Case, describeCase, inputsOf, optionsOf, runOf } from "./cases/case.js";
export { cases, type CaseWish } from "./cases/cases.js";
export { specs, type SpecWish } from "./cases/specs.js";
export {
  certify,
  type CertifyOptions,
  type CertifyReport,
  type Counterexample,
  expanded,
  type Form,
  type PropertyReport,
} from "./certify.js";
export { type Dialect, dialects } from "./dialects.js";
export { namedProperties, properties, type PropertyName } from "./properties/index.js";
export { type Classes, type Outcome, type Property, type Subject, Violation } from "./properties/property.js";
export { broken, type Break, type Fault, type Planted } from "./faults/planting/fault.js";
export { faultFamilies, faults } from "./faults/index.js";
export { type Recorded, type TableFault, tableFaults } from "./faults/table-faults.js";
export { mustKill } from "./faults/must-kill.js";
export { type Encounter, killers, type KillOptions, meet } from "./faults/kill.js";
export { type Honest, honestEngines, honestFamilies } from "./honest/engines.js";
export { htmlReport } from "./report/html.js";
export { type Numbers, written } from "./report/numbers.js";
export { type SupportEntry, supportOf } from "./report/support.js";
export { certifySuite, type SuiteTest } from "./report/suite.js";
export {
  type PortRecord,
  readPortRecord,
  type RecordedCall,
  type RecordedValue,
} from "./ports/port-record.js";
export {
  type Port,
  type PortCheck,
  type PortDifference,
  type PortReport,
  verifyPort,
  type VerifyPortOptions,
} from "./ports/verify-port.js";
