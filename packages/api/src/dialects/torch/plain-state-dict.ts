import { unrollError } from "../../contract/error.js";
import { sizeOf } from "../../contract/tensor.js";
import { type AnyTensor, type NamedTensor, toFloat32, toStored } from "../../formats/named-tensor.js";
import type { WeightSpec } from "../../specification/weights.js";

type Given = Readonly<Record<string, AnyTensor>>;

/** Weights that stand for one, by what each is. */
type Parts = Readonly<Record<string, AnyTensor>>;

/** A way in which PyTorch keeps a weight as others that it computes it of at every call. */
interface Reparametrisation {
  /** Names of the weights that stand for one of a module. */
  readonly names: (weight: string) => Readonly<Record<string, string>>;
  readonly weight: (place: string, wanted: WeightSpec, parts: Parts) => Float64Array;
}

const legacy =
  (...suffixes: readonly string[]) =>
  (weight: string): Readonly<Record<string, string>> =>
    Object.fromEntries(suffixes.map((suffix) => [suffix, `${weight}_${suffix}`]));

/** Names under `parametrizations`, which stands before the weight's own name. */
const within =
  (names: Readonly<Record<string, string>>) =>
  (weight: string): Readonly<Record<string, string>> => {
    const at = weight.lastIndexOf(".") + 1;
    const path = `${weight.slice(0, at)}parametrizations.${weight.slice(at)}.`;
    return Object.fromEntries(Object.entries(names).map(([part, name]) => [part, path + name]));
  };

function refuse(place: string, { name }: WeightSpec, expected: string, got: string): never {
  throw unrollError({
    code: "UNROLL_WEIGHTS",
    place: `${place} weight "${name}"`,
    expected,
    got,
    cure: "take the state_dict of the module as it is, or remove its reparametrisation in Python first",
    details: { name, expected, got },
  });
}

/** Numbers of a part that has a shape. */
function numbers(place: string, wanted: WeightSpec, part: AnyTensor, shape: readonly number[]): Float64Array {
  if (part.shape.join() !== shape.join())
    refuse(place, wanted, `parts that fit, here [${shape.join(", ")}]`, `[${part.shape.join(", ")}]`);
  const stored = toStored(part);
  return stored.dtype === "F64"
    ? (stored as NamedTensor<"F64">).data
    : Float64Array.from(toFloat32(part, `${place} weight "${wanted.name}"`).data);
}

/** Where in g, whose axes have the length of v's or 1, the element of v at a place is. */
function placeIn(shape: readonly number[], g: readonly number[], at: number): number {
  let [left, place, step] = [at, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const along = left % shape[axis]!;
    left = Math.floor(left / shape[axis]!);
    if (g.length > 0 && g[axis] !== 1) {
      place += along * step;
      step *= g[axis]!;
    }
  }
  return place;
}

/**
 * g · v / ‖v‖, with a norm for each element of g, over all axes along which it has length 1: every one but
 * the first by default (Salimans and Kingma 2016, arXiv:1602.07868; `torch.nn.utils.weight_norm`).
 */
function weightNormed(place: string, wanted: WeightSpec, parts: Parts): Float64Array {
  const { shape } = wanted;
  const g = parts["g"]!.shape;
  if (g.length !== 0 && (g.length !== shape.length || g.some((dim, k) => dim !== 1 && dim !== shape[k])))
    refuse(place, wanted, `a g that is [] or fits [${shape.join(", ")}]`, `[${g.join(", ")}]`);
  const [v, lengths] = [numbers(place, wanted, parts["v"]!, shape), numbers(place, wanted, parts["g"]!, g)];
  const squares = new Float64Array(sizeOf(g));
  v.forEach((value, k) => (squares[placeIn(shape, g, k)]! += value * value));
  return v.map((value, k) => {
    const at = placeIn(shape, g, k);
    return (lengths[at]! * value) / Math.sqrt(squares[at]!);
  });
}

/**
 * W / (uᵀ W v), with W as the matrix [rows, everything else] and the vectors that training has left (Miyato
 * et al. 2018, arXiv:1802.05957; `torch.nn.utils.spectral_norm` in eval mode).
 */
function spectrallyNormed(place: string, wanted: WeightSpec, parts: Parts): Float64Array {
  const [rows = 1] = wanted.shape;
  const columns = sizeOf(wanted.shape) / rows;
  const whole = numbers(place, wanted, parts["orig"]!, wanted.shape);
  const u = numbers(place, wanted, parts["u"]!, [rows]);
  const v = numbers(place, wanted, parts["v"]!, [columns]);
  let largest = 0;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += whole[row * columns + k]! * v[k]!;
    largest += u[row]! * sum;
  }
  return whole.map((value) => value / largest);
}

/** Old names and new, of either. */
const reparametrisations: readonly Reparametrisation[] = [
  { names: legacy("g", "v"), weight: weightNormed },
  { names: within({ g: "original0", v: "original1" }), weight: weightNormed },
  { names: legacy("orig", "u", "v"), weight: spectrallyNormed },
  { names: within({ orig: "original", u: "0._u", v: "0._v" }), weight: spectrallyNormed },
];

/**
 * A `state_dict` with the weights that are expected in the place of what PyTorch computes them of: those of
 * weight norm and spectral norm, worked out in float64; and without the counters of batch normalisation
 * (`num_batches_tracked`), which only training reads.
 *
 * @throws UNROLL_WEIGHTS for parts of a weight that do not fit together
 */
export function plainStateDict(place: string, expected: readonly WeightSpec[], given: Given): Given {
  const left = new Map(Object.entries(given));
  for (const { name } of expected)
    if (/(^|\.)running_mean$/.test(name)) left.delete(name.replace(/running_mean$/, "num_batches_tracked"));
  for (const wanted of expected) {
    if (left.has(wanted.name)) continue;
    for (const { names, weight } of reparametrisations) {
      const keys = Object.entries(names(wanted.name));
      if (!keys.every(([, key]) => left.has(key))) continue;
      const parts = Object.fromEntries(keys.map(([part, key]) => [part, left.get(key)!]));
      const { shape } = wanted;
      left.set(wanted.name, { dtype: "F64", shape, data: weight(place, wanted, parts) });
      for (const [, key] of keys) left.delete(key);
      break;
    }
  }
  return Object.assign(Object.create(null) as Record<string, AnyTensor>, Object.fromEntries(left));
}
