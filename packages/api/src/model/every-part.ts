import { runLimits } from "../program/run-limits.js";
import { customSteps } from "./custom-steps.js";
import { rowEnds } from "./row-ends.js";
import { savedStates } from "./saved-state.js";

/** The parts of a model that a kit may leave out, but for what checks runnables from outside. */
export const everyPart = { rowEnds, savedStates, runLimits, customSteps };
