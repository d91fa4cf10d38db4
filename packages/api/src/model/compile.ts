import { taken } from "../contract/taken.js";
import { isHostTensor } from "../contract/tensor.js";
import { isRunnable, type Runnable } from "../program/runnable.js";
import { everything } from "../specification/catalog.js";
import { compileIn, copyOf } from "./compile-in.js";
import { everyPart } from "./every-part.js";
import type { CompileOptions, ModelOf, ModelSource } from "./faces.js";

/**
 * As {@link compile}, of a runnable from outside. What checks it is loaded when there is one, and what is
 * given is copied before that is waited for.
 */
async function compileRunnable(source: Runnable, options: CompileOptions): Promise<unknown> {
  const { format, name, inputs, outputs, states, identity, weights, mayBeEmpty, stride, whyNotSteppable } =
    source;
  const own = copyOf({
    format,
    name,
    inputs,
    outputs,
    states,
    identity,
    weights,
    mayBeEmpty,
    stride,
    whyNotSteppable,
  });
  const given = options?.weights && {
    ...options,
    weights: Object.fromEntries(
      Object.entries(options.weights).map(([name, one]) => [name, isHostTensor(one) ? taken(one) : one]),
    ),
  };
  const { runnables } = await import("../lowering/outside-runnable.js");
  const program =
    typeof source.program === "function" ? source.program.bind(source) : (source.program as never);
  return compileIn(
    everything,
    { ...everyPart, runnables },
    { ...own, program } as Runnable,
    given ?? options,
  );
}

/**
 * Makes a spec runnable on an engine; or anything else that has a signature and programs, a {@link Runnable},
 * which is checked, as are its programs.
 *
 * @throws UNROLL_SPEC, UNROLL_WEIGHTS, UNROLL_DTYPE, UNROLL_UNSUPPORTED before the engine sees anything;
 *   UNROLL_CONFIG for a device that is not there; of a runnable UNROLL_ARGUMENT and UNROLL_PROGRAM
 */
export const compile = <const S extends ModelSource>(
  source: S,
  options: CompileOptions,
): Promise<ModelOf<S>> =>
  isRunnable(source)
    ? (compileRunnable(source, options) as Promise<ModelOf<S>>)
    : compileIn(everything, everyPart, source, options);
