import { kindOf } from "../../contract/kind.js";
import { shown } from "../../contract/shown.js";
import { bodyOf } from "../body.js";
import { assertFlags, optionsOf } from "../options.js";
import { getDefaultGraph, type Tensor } from "../graph.js";
import { operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import type { VariableScope } from "../variable-scopes.js";
import { Decoder } from "./decoder.js";

/** Options of {@link dynamicDecode}. */
export interface DynamicDecodeOptions {
  /** Whether outputs and ids are [time, batch, ...]. Only false. */
  readonly outputTimeMajor?: boolean;
  /** Whether rows that are done have zeros for outputs, and keep their state. Default false. */
  readonly imputeFinished?: boolean;
  /** Steps at most. Default: until every row is done, which has to be within 10,000 steps. */
  readonly maximumIterations?: number | null;
  /** Without effect: how to compute is the engine's matter. */
  readonly parallelIterations?: number;
  /** Without effect: how to compute is the engine's matter. */
  readonly swapMemory?: boolean;
  /** Variables' scope. Default `decoder`. */
  readonly scope?: string | VariableScope | null;
}

const options = [
  "outputTimeMajor",
  "imputeFinished",
  "maximumIterations",
  "parallelIterations",
  "swapMemory",
  "scope",
] as const;

/** Steps of a decode that was given no bound. What goes on for longer never ends, and fills the memory. */
const MOST = 10_000;

/** Milliseconds that steps follow one another before what else waits, a page's events, gets its turn. */
const BLOCK = 20;

/** Lets what else waits have its turn, where a block of steps has taken its time. */
function turns(): () => Promise<void> {
  let since = Date.now();
  return async () => {
    // An audio worklet has no timers, and no page.
    if (Date.now() - since < BLOCK || typeof setTimeout !== "function") return;
    await new Promise<void>((resolve) => void setTimeout(resolve));
    since = Date.now();
  };
}

/**
 * Decodes until every row is done: `tf.contrib.seq2seq.dynamic_decode`. Each step is a run of the engine, as
 * how many there are follows from what they choose. A page stays responsive meanwhile, and `session.close()`
 * ends it.
 *
 * @returns outputs, the state after the last step, and how many steps each row took, int32 [batch], or of a
 *   beam search each beam, [batch, beamWidth]
 * @throws UNROLL_ARGUMENT; at a run UNROLL_UNSUPPORTED where no row takes a step, and where rows are not done
 *   after 10,000 steps and no `maximumIterations` were given
 */
export function dynamicDecode<Output, State>(
  decoder: Decoder<Output, State>,
  given: DynamicDecodeOptions = {},
): [outputs: Output, state: State, sequenceLengths: Tensor] {
  const place = "dynamicDecode";
  if (!(decoder instanceof Decoder)) refuse(place, "a decoder", kindOf(decoder), "new BasicDecoder(...)");
  optionsOf(place, given, options);
  assertFlags(place, { outputTimeMajor: given.outputTimeMajor, imputeFinished: given.imputeFinished });
  const { maximumIterations: most = null, imputeFinished = false } = given;
  if (given.outputTimeMajor)
    refuse(`${place} outputTimeMajor`, "false", "true", "transpose what comes", "UNROLL_UNSUPPORTED");
  if (most !== null && !(Number.isInteger(most) && most > 0))
    refuse(`${place} maximumIterations`, "a whole number of at least 1", shown(most), "null for no limit");
  const entry = { scope: given.scope ?? null, defaultName: "decoder" };
  return getDefaultGraph().scopes.within(entry, () => {
    const decoding = decoder.decoding({ imputeFinished });
    const { fed, targets } = decoding;
    // Variables and constants are weights of each step's program, and need not be fed to it.
    const captured = bodyOf(fed, targets).captured.filter(({ op }) => op.inputs.length > 0 || !op.build);
    const around = [...captured, ...decoding.given];
    const results = operation(
      "Decode",
      {
        inputs: around,
        async run(evaluate) {
          const values = await evaluate(around, new Map());
          const same = captured.map((tensor, k) => [tensor, values[k]!] as const);
          const steps = decoding.begin(values.slice(captured.length));
          const others = turns();
          for (let time = 0; !steps.done && time !== most; time++) {
            if (most === null && time === MOST)
              refuse(
                place,
                `every row to be done within ${MOST} steps, as there are no maximumIterations`,
                "one that is not",
                "give maximumIterations, and see that endToken is the id that the model was trained with",
                "UNROLL_UNSUPPORTED",
              );
            const { feeds } = steps;
            const known = new Map([...same, ...fed.map((tensor, k) => [tensor, feeds[k]!] as const)]);
            steps.next(time, await evaluate(targets, known));
            await others();
          }
          return steps.results();
        },
      },
      decoding.results,
    );
    return decoding.finish(results);
  });
}
