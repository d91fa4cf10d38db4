/**
 * What modules of PyTorch's own tell the class that they extend. Symbols, as a module that someone writes may
 * have an attribute of any name.
 */

/** The layers of a module that has weights of its own. */
export const parts: unique symbol = /* @__PURE__ */ Symbol("parts");
/** How many arguments `forward` has, of PyTorch's own modules; null where the user wrote it. */
export const takes: unique symbol = /* @__PURE__ */ Symbol("takes");
/** Whether a module of PyTorch's own does no more than call others. */
export const composed: unique symbol = /* @__PURE__ */ Symbol("composed");
/** Applies a method of a module of PyTorch's own to tensors, as one operation. */
export const applied: unique symbol = /* @__PURE__ */ Symbol("applied");
/** The weight of a module of PyTorch's own under its name there. */
export const weightAt: unique symbol = /* @__PURE__ */ Symbol("weightAt");
/** Makes a weight the same as another one's. */
export const tie: unique symbol = /* @__PURE__ */ Symbol("tie");
