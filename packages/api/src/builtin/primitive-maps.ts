import { exponential } from "./exponential.js";
import type { ElementMap } from "./maps.js";

/** Primitives of one element that are no activation; written out as those are. */
export const primitiveMaps = {
  neg: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = -x[a + k]!;
  },
  exp: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = exponential(x[a + k]!);
  },
  log: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.log(x[a + k]!);
  },
  sqrt: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.sqrt(x[a + k]!);
  },
  floor: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.floor(x[a + k]!);
  },
  sin: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.sin(x[a + k]!);
  },
  cos: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.cos(x[a + k]!);
  },
  abs: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = Math.abs(x[a + k]!);
  },
  not: (x, a, y, b, count) => {
    for (let k = 0; k < count; k++) y[b + k] = 1 - x[a + k]!;
  },
} satisfies Readonly<Record<string, ElementMap>>;
