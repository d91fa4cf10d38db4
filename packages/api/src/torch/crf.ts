import { unrollError } from "../contract/error.js";
import { shown } from "../contract/shown.js";
import { crf } from "../specification/build.js";
import { noMore, optionsOf } from "./arguments.js";
import { currentGraph, describing, type Graph } from "./graph.js";
import { count } from "./layers.js";
import { Module, type ModulePart } from "./module.js";
import { applied, parts, takes } from "./own-names.js";
import { eagerArguments } from "./packed.js";
import { Argument, isPacked, SymbolicTags, SymbolicTensor } from "./symbolic.js";
import type { Tensor } from "./tensor/tensor.js";

/**
 * The linear-chain CRF of the package pytorch-crf, `torchcrf.CRF`. Weights: `start_transitions` [numTags],
 * `end_transitions` [numTags], `transitions` [numTags, numTags], from tag to tag.
 *
 * In the place of its mask stand the lengths of the rows: those that sequences were packed with, where any
 * were.
 */
export class CRF extends Module {
  /** Whether emissions and tags are [batch, time, ...] rather than [time, batch, ...]. */
  readonly batchFirst: boolean;

  /**
   * @param numTags how many tags there are
   * @param options `batchFirst`, by itself or by name; default false
   */
  constructor(
    readonly numTags: number,
    options?: boolean | { batchFirst?: boolean },
    ...rest: never[]
  ) {
    super();
    noMore("CRF", rest);
    count("CRF", "numTags", numTags);
    const known = ["batchFirst"];
    const given = optionsOf<{ batchFirst?: boolean }>("CRF", options, known, "batchFirst", "boolean");
    this.batchFirst = given.batchFirst ?? false;
  }

  override [parts](): ModulePart[] {
    return [{ layer: this.#layer("crf", "x", null), level: null }];
  }

  override get [takes](): number {
    return 4;
  }

  /**
   * Log-likelihood of each row's tags, [batch].
   *
   * @param emissions [time, batch, numTags], or [batch, time, numTags] if `batchFirst`
   * @param tags whole numbers, as emissions without their last axis
   * @param lengths an argument of the outer `forward`: how many steps each row has; all without it
   * @param reduction `none`; torchcrf's default is a sum over the batch, which a model here has no word for
   * @throws UNROLL_UNSUPPORTED for a reduction, a packed sequence, or other lengths than those packed with
   */
  forward(
    emissions: Tensor,
    tags: Tensor,
    lengths?: Tensor | null,
    reduction: "none" | "sum" | "mean" | "token_mean" = "sum",
  ): SymbolicTensor {
    if (reduction !== "none")
      throw refused('reduction "none"', shown(reduction), "ask for none, and add up what comes out");
    const { graph, name } = this.#append("forward", emissions, lengths, tags);
    return new SymbolicTensor(graph, `${name}.logLikelihood`, [], false, false);
  }

  /**
   * The most likely tags of each row, int32, as emissions without their last axis; 0 past a row's end, where
   * torchcrf has lists that end.
   *
   * @param emissions as of `forward`
   * @param lengths as of `forward`
   * @throws UNROLL_UNSUPPORTED for a packed sequence, or other lengths than those packed with
   */
  decode(emissions: Tensor, lengths?: Tensor | null): SymbolicTags {
    if (!describing())
      return this[applied]("decode", eagerArguments("CRF decode", [emissions, lengths])) as SymbolicTags;
    const { graph, name } = this.#append("decode", emissions, lengths, null);
    return new SymbolicTags(graph, name, [], false, true);
  }

  #append(
    what: string,
    emissions: Tensor,
    lengths: Tensor | null | undefined,
    tags: Tensor | null,
  ): { graph: Graph; name: string } {
    const graph = currentGraph(`CRF ${what}`);
    const path = graph.pathOf(this);
    const place = path || "crf";
    if (isPacked(emissions)) throw refused("padded emissions", "packed ones", "call padPackedSequence first");
    ends(graph, place, lengths ?? null);
    graph.layOut(place, this.batchFirst);
    const input = graph.use(place, emissions, { dtype: "float32", features: [this.numTags] });
    const judged = tags && graph.use(place, tags, { dtype: "int32", features: [] });
    const name = graph.layerName(path, "crf");
    graph.append(this.#layer(name, input, judged), emissions, { module: path, level: null });
    return { graph, name };
  }

  #layer(name: string, input: string, path: string | null): ModulePart["layer"] {
    return crf({ name, input, tags: this.numTags, path });
  }
}

/** Notes where rows end, which is one for all that a model does. */
function ends(graph: Graph, place: string, lengths: Tensor | null): void {
  const packed = graph.lengths;
  const given = lengths instanceof Argument ? lengths.path : null;
  if (lengths !== null && given === null)
    throw refused("lengths that are an argument of forward", "others", "pass them in when the model runs");
  if (packed && packed.path.join() !== given?.join())
    throw refused(
      "the lengths that sequences were packed with, in the place of a mask",
      given === null ? "none" : "others",
      "pass on the argument that packPaddedSequence has",
    );
  graph.mark(place, "sequence", null, given !== null);
  if (given !== null) graph.lengths ??= { path: given, enforceSorted: false };
}

const refused = (expected: string, got: string, cure: string): Error =>
  unrollError({ code: "UNROLL_UNSUPPORTED", place: "CRF", expected, got, cure });
