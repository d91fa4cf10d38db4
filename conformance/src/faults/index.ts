import type { Fault } from "./planting/fault.js";
import { attention } from "./attention.js";
import { batchAndTime } from "./batch-and-time.js";
import { cellOptions } from "./cell-options.js";
import { calls } from "./calls.js";
import { claims } from "./claims.js";
import { crf } from "./crf.js";
import { customCells } from "./custom-cells.js";
import { direction } from "./direction.js";
import { edgesOfNumbers } from "./edges-of-numbers.js";
import { feeds } from "./feeds.js";
import { gates } from "./gates.js";
import { gradients } from "./gradients.js";
import { kernelsAndBiases } from "./kernels-and-biases.js";
import { layers } from "./layers.js";
import { layouts } from "./layouts.js";
import { lifetimes } from "./lifetimes.js";
import { loopsAndOperators } from "./loops-and-operators.js";
import { masksAndLengths } from "./masks-and-lengths.js";
import { numbers } from "./numbers.js";
import { plansAndCaches } from "./plans-and-caches.js";
import { primitives } from "./primitives.js";
import { sizes } from "./sizes.js";
import { state } from "./state.js";
import { synchronous } from "./synchronous.js";
import { ownTime } from "./own-time.js";
import { windows } from "./windows.js";
import { tilesAndBlocks } from "./tiles-and-blocks.js";
import { normalisation } from "./normalisation.js";
import { shapes } from "./shapes.js";

/** Planted faults by family, each in the file of that name. */
export const faultFamilies: Readonly<Record<string, readonly Fault[]>> = {
  gates,
  "kernels-and-biases": kernelsAndBiases,
  "cell-options": cellOptions,
  "custom-cells": customCells,
  layers,
  windows,
  "own-time": ownTime,
  attention,
  crf,
  "masks-and-lengths": masksAndLengths,
  direction,
  state,
  "batch-and-time": batchAndTime,
  numbers,
  lifetimes,
  feeds,
  claims,
  primitives,
  sizes,
  synchronous,
  calls,
  layouts,
  "tiles-and-blocks": tilesAndBlocks,
  "plans-and-caches": plansAndCaches,
  "loops-and-operators": loopsAndOperators,
  "edges-of-numbers": edgesOfNumbers,
  normalisation,
  shapes,
  gradients,
};

/** Every planted fault. CI demands that each is killed by a property. */
export const faults: readonly Fault[] = Object.values(faultFamilies).flat();
