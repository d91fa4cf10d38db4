import type { Adapter, SyncExecutable, WeightMap } from "../contract/adapter.js";
import type { Capabilities } from "../contract/capabilities.js";
import type { Program } from "../contract/program.js";
import { composites } from "../layers/composites.js";
import { type CompositeCheck, compositeCheck } from "../program/check-composite.js";
import { programFromJson as readProgram } from "../program/json.js";
import { legalize as legalizeVerified } from "../program/legalize.js";
import {
  prepare as prepareVerified,
  type Prepared,
  prepareSync as prepareVerifiedSync,
} from "../program/prepare.js";
import { verify as verifyProgram } from "../program/verify.js";

// Lowering makes composites that hold by construction, and calls none of these: they are for programs that
// come from elsewhere.

const check: CompositeCheck = compositeCheck(composites);

/**
 * Checks a program that did not come straight from the builder, e.g. from JSON: every value defined once and
 * before its use, every primitive known, every type the one that inference gives, bodies as isolated as they
 * claim to be, and every composite that the library knows with a body that computes what its attributes say.
 *
 * A composite of a name that the library does not know passes, and so does one with an input or an attribute
 * of such a name: closed claims leave it to its body.
 *
 * @throws UNROLL_FORMAT, UNROLL_PROGRAM, UNROLL_SHAPE or UNROLL_DTYPE naming the node
 */
export const verify = (program: Program): void => verifyProgram(program, check);

/**
 * A program from its JSON text, verified. `JSON.stringify` gives the text, as a program is plain data; only
 * numbers that JSON can't write (NaN, infinities, -0 in constants) need `programToJson`.
 *
 * @throws UNROLL_FORMAT for other JSON, UNROLL_PROGRAM for a program that does not hold together; see
 *   {@link verify}
 */
export const programFromJson = (text: string): Program => readProgram(text, check);

/**
 * Rewrites a program into what an adapter claims: composites it does not claim are replaced by their
 * bodies, and a primitive it does not claim is refused here, before the engine sees anything. What is legal
 * already stays as it is. The program is verified first.
 *
 * @throws UNROLL_UNSUPPORTED naming the adapter, the primitive and the program; UNROLL_ENGINE for an adapter
 *   of another version of the contract; what {@link verify} throws
 */
export function legalize(
  program: Program,
  adapter: {
    /** For errors. */
    readonly name: string;
    /** What it claims. */
    readonly capabilities: Capabilities;
  },
): Program {
  verify(program);
  return legalizeVerified(program, adapter);
}

/**
 * Makes a program ready to run on an adapter, for whoever has no model around it: verifies and legalizes it,
 * checks its weights, checks what every run is fed, and copies both before the call returns. This is all
 * that stands between a caller and an adapter, which checks nothing of it again.
 *
 * @throws UNROLL_UNSUPPORTED, UNROLL_ENGINE, UNROLL_WEIGHTS, and what {@link verify} throws, before the
 *   engine sees anything
 */
export async function prepare(adapter: Adapter, program: Program, weights: WeightMap): Promise<Prepared> {
  verify(program);
  return prepareVerified(adapter, program, weights);
}

/**
 * As {@link prepare}, at once, on an adapter that is synchronous. @throws UNROLL_UNSUPPORTED on one that is
 * not
 */
export function prepareSync(
  adapter: Adapter,
  program: Program,
  weights: WeightMap,
): Prepared & SyncExecutable {
  verify(program);
  return prepareVerifiedSync(adapter, program, weights);
}
