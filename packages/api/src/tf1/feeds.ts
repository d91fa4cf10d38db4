import { isRecord, kindOf } from "../contract/kind.js";
import { taken } from "../contract/taken.js";
import { type HostTensor, isHostTensor, type Nested, tensor, tensorProblem } from "../contract/tensor.js";
import { isTensor } from "./fold.js";
import type { Graph, Tensor } from "./graph.js";
import { refuse } from "./refuse.js";
import { shownShape } from "./static-shapes.js";
import { flattenLike, flatten, type Structure } from "./structure.js";

/** Numbers for a tensor, or for each tensor of a state what a run returned. */
export type FeedValue = HostTensor | Nested | Structure<HostTensor>;

/**
 * What a run is fed: pairs of a tensor and its numbers, a `Map` of the same, or an object by names. For a
 * state, the state that a run returned.
 */
export type FeedDict =
  | ReadonlyMap<Structure<Tensor>, FeedValue>
  | readonly (readonly [tensor: Structure<Tensor>, value: FeedValue])[]
  | Readonly<Record<string, FeedValue>>;

/** What is fed, by tensor, copied and checked. @throws UNROLL_ARGUMENT, UNROLL_SHAPE, UNROLL_DTYPE */
export function fedBy(graph: Graph, feedDict: FeedDict): Map<Tensor, HostTensor> {
  const place = "session.run feedDict";
  const given = new Map<Tensor, HostTensor>();
  const feed = (where: Tensor, value: unknown): void => {
    if (where.graph !== graph)
      refuse(place, "tensors of the session's graph", where.toString(), "new Session({ graph })");
    if (given.has(where)) refuse(place, "each tensor once", `${where.name} twice`, "feed one value");
    given.set(where, fedTo(where, value as FeedValue));
  };
  for (const pair of pairsOf(place, feedDict)) {
    if (!Array.isArray(pair) || pair.length !== 2)
      refuse(place, "pairs of a tensor and its value", kindOf(pair), "e.g. [[x, ids]]");
    const [key, value] = pair as readonly unknown[] as readonly [unknown, unknown];
    const where = typeof key === "string" ? graph.getTensorByName(key) : key;
    const values = flattenLike(place, where, value, isTensor);
    flatten(place, where, isTensor).forEach((one, k) => feed(one, values[k]));
  }
  return given;
}

function pairsOf(place: string, feedDict: FeedDict): readonly unknown[] {
  if (feedDict instanceof Map || Array.isArray(feedDict)) return [...(feedDict as Iterable<unknown>)];
  if (isRecord(feedDict)) return Object.entries(feedDict);
  return refuse(place, "pairs, a Map or an object by names", kindOf(feedDict), "e.g. [[x, ids]]");
}

/** Numbers as a tensor takes them. @throws UNROLL_SHAPE, UNROLL_DTYPE, UNROLL_ARGUMENT */
function fedTo(where: Tensor, value: FeedValue): HostTensor {
  const place = `session.run feed "${where.name}"`;
  const given = isHostTensor(value) ? value : tensor(value as Nested, undefined, where.dtype);
  const problem = tensorProblem(given);
  if (problem) refuse(place, problem[0], problem[1], "make it with tensor(data, shape)", "UNROLL_SHAPE");
  if (given.dtype !== where.dtype)
    refuse(
      place,
      where.dtype,
      given.dtype,
      `make it with tensor(data, shape, "${where.dtype}")`,
      "UNROLL_DTYPE",
    );
  const fits =
    given.shape.length === where.shape.length &&
    given.shape.every((size, k) => size > 0 && size === (where.shape[k] ?? size));
  if (!fits)
    refuse(
      place,
      `${shownShape(where.shape)}, at least 1 of each`,
      shownShape(given.shape),
      "? is any size",
      "UNROLL_SHAPE",
    );
  return taken(given);
}
