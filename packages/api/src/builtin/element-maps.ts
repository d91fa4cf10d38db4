import { type ElementMap, maps } from "./maps.js";
import { primitiveMaps } from "./primitive-maps.js";

/**
 * Functions of one element over host memory, for engines that compute there: activations and unary primitives
 * by name.
 */
export const elementMaps: Readonly<Record<string, ElementMap>> = /* @__PURE__ */ (() => ({
  ...maps,
  ...primitiveMaps,
}))();
