import { built } from "../layers/built.js";
import type { Spec } from "../specification/types.js";
import { compileIn } from "./compile-in.js";
import { everyPart } from "./every-part.js";
import type { CompileOptions, ModelOf } from "./faces.js";

/** As `compile`, of a spec that builders made: it loads no definition of a layer that none of them made. */
export const compileBuilt = <const S extends Spec>(spec: S, options: CompileOptions): Promise<ModelOf<S>> =>
  compileIn(built, everyPart, spec, options);
