import { PartialProgramBuilder } from "./builder.js";
import { typeOf } from "./infer.js";
import { primitives } from "./primitives.js";

/** The only way to make a {@link Program}. */
export class ProgramBuilder extends PartialProgramBuilder {
  constructor(name: string) {
    super(name, primitives, typeOf);
  }
}
