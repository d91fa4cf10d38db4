/**
 * PyTorch's weight norm and spectral norm of a module. Nothing trains here, so that a module stays what it
 * is: what they keep in a file is loaded as the weights that it makes.
 */
import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { noMore, optionsOf } from "./arguments.js";
import { Module } from "./module.js";
import type { Parameter } from "./parameter.js";

/** Options of `spectralNorm`, with PyTorch's defaults. */
export interface SpectralNormOptions {
  /** Steps of its iteration at each call in training: without effect. Default 1. */
  readonly nPowerIterations?: number;
  /** The least length that training divides a vector by: without effect. Default 1e-12. */
  readonly eps?: number;
  /** The axis of the outputs. Default that of the module; files are read by the sizes of their vectors. */
  readonly dim?: number;
}

/** Which weights of a module are computed of others in PyTorch, and by what. */
const normed = /* @__PURE__ */ new WeakMap<Module, Map<string, string>>();

function refuse(place: string, expected: string, got: unknown, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place, expected, got: shown(got), cure });
}

/** A module's own weight. @throws UNROLL_ARGUMENT where it has none of that name */
function weightOf(place: string, module: unknown, name: unknown): Parameter {
  if (!(module instanceof Module)) refuse(place, "a module", module, `e.g. ${place}(new nn.Linear(3, 4))`);
  const own = module.namedParameters().filter(([key]) => !key.includes("."));
  const found = own.find(([key]) => key === name);
  return (
    found?.[1] ??
    refuse(
      place,
      own.map(([key]) => key).join(", ") || "a module with weights",
      name,
      "a module of its own has others",
    )
  );
}

function assertAxis(place: string, { shape }: Parameter, dim: unknown): void {
  if (!Number.isInteger(dim) || (dim as number) < 0 || (dim as number) >= shape.length)
    refuse(place, `dim from 0 to ${shape.length - 1}`, dim, "it is an axis of the weight");
}

function mark(place: string, module: Module, name: string, how: string): void {
  const names = normed.get(module) ?? new Map<string, string>();
  if (names.has(name)) refuse(place, "a weight without a norm", name, `${names.get(name)} has it already`);
  normed.set(module, names.set(name, how));
}

function unmark(place: string, module: Module, name: string, how: string): void {
  if (normed.get(module)?.get(name) !== how) refuse(place, `a weight after ${how}`, name, "leave it out");
  normed.get(module)!.delete(name);
}

/**
 * PyTorch's `weight_norm`: the module itself, as g · v / ‖v‖ is the weight that it had. A state dict may come
 * with what it keeps or with the weight.
 *
 * @param name which of the module's weights
 * @param dim axis along which each element has its own length, null for one length; files say it by their g
 * @throws UNROLL_ARGUMENT for what is no weight of a module, for no axis of it, and for the same one twice
 */
export function weightNorm<M extends Module>(
  module: M,
  name = "weight",
  dim: number | null = 0,
  ...rest: never[]
): M {
  const place = "nn.utils.weightNorm";
  noMore(place, rest);
  const weight = weightOf(place, module, name);
  if (dim !== null) assertAxis(place, weight, dim);
  mark(place, module, name, "weightNorm");
  return module;
}

/**
 * PyTorch's `remove_weight_norm`: the module itself, with the weight that it has.
 *
 * @throws UNROLL_ARGUMENT for a weight without
 */
export function removeWeightNorm<M extends Module>(module: M, name = "weight", ...rest: never[]): M {
  const place = "nn.utils.removeWeightNorm";
  noMore(place, rest);
  weightOf(place, module, name);
  unmark(place, module, name, "weightNorm");
  return module;
}

/**
 * PyTorch's `spectral_norm` of a module that a state dict is loaded into afterwards, with what it keeps or
 * with the weight: the module itself.
 * Vectors for weights that it has already would have to be drawn, so those are refused.
 *
 * @param name which of the module's weights
 * @param options or `nPowerIterations` by itself
 * @throws UNROLL_ARGUMENT for what is no weight of a module, for the same one twice; UNROLL_UNSUPPORTED for
 *   weights that have values
 */
export function spectralNorm<M extends Module>(
  module: M,
  name = "weight",
  options?: number | SpectralNormOptions,
  ...rest: never[]
): M {
  const place = "nn.utils.spectralNorm";
  noMore(place, rest);
  const weight = weightOf(place, module, name);
  const known = ["nPowerIterations", "eps", "dim"];
  const {
    nPowerIterations = 1,
    eps = 1e-12,
    dim,
  } = optionsOf<SpectralNormOptions>(place, options, known, "nPowerIterations");
  if (!Number.isInteger(nPowerIterations) || nPowerIterations < 1)
    refuse(place, "nPowerIterations as a whole number above 0", nPowerIterations, "PyTorch's default is 1");
  if (typeof eps !== "number" || !(eps >= 0))
    refuse(place, "eps as a number", eps, "PyTorch's default is 1e-12");
  if (dim !== undefined) assertAxis(place, weight, dim);
  if (weight.loaded)
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place,
      expected: `${name} without values, which loadStateDict gives it afterwards`,
      got: "one with values",
      cure: "call it first; a state dict has the vectors that its norm is computed of",
    });
  mark(place, module, name, "spectralNorm");
  return module;
}

/**
 * PyTorch's `remove_spectral_norm`: the module itself, with the weight that it has.
 *
 * @throws UNROLL_ARGUMENT for a weight without
 */
export function removeSpectralNorm<M extends Module>(module: M, name = "weight", ...rest: never[]): M {
  const place = "nn.utils.removeSpectralNorm";
  noMore(place, rest);
  weightOf(place, module, name);
  unmark(place, module, name, "spectralNorm");
  return module;
}
