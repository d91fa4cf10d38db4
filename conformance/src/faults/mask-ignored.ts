import { fault, withoutInput } from "./break.js";

export const maskIgnored = fault(
  "mask-ignored",
  "a mask is not looked at",
  "JAX and NumPy fast paths, Keras 3.16 stops passing masks on",
  { program: withoutInput("mask") },
);
