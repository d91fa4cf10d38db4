import type { HostTensor } from "../contract/tensor.js";
import type { ExtentChecker } from "./row-ends.js";
import type { PartJson } from "./state.js";

/** What a model can do that pages may leave out, to load less. */
export interface ModelParts {
  /** Takes lengths and masks. */
  readonly rowEnds?: ExtentChecker | undefined;
  /** Writes the parts of states as JSON. */
  readonly savedStates?: ((part: HostTensor) => PartJson) | undefined;
}
