import type { HostTensor } from "../contract/tensor.js";
import type { Program } from "../contract/program.js";
import type { Spec } from "../specification/types.js";
import type { Runnable } from "../program/runnable.js";
import type { RunLimit } from "../program/run-limits.js";
import type { ExtentChecker } from "./row-ends.js";
import type { PartJson } from "./state.js";

/** What a model can do that pages may leave out, to load less. */
export interface ModelParts {
  /** Takes lengths and masks. */
  readonly rowEnds?: ExtentChecker | undefined;
  /** Writes the parts of states as JSON. */
  readonly savedStates?: ((part: HostTensor) => PartJson) | undefined;
  /** Refuses runs whose values would be too large, or sequences too long, before an engine sees them. */
  readonly runLimits?: ((program: Program, inputs: Runnable["inputs"]) => RunLimit) | undefined;
  /** Checks a runnable from outside, and returns one whose programs are verified. */
  readonly runnables?: ((given: Runnable) => Runnable) | undefined;
  /** Checks the composites in the steps of custom cells. */
  readonly customSteps?: ((spec: Spec) => Promise<void>) | undefined;
}
