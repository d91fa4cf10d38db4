import { unrollError } from "../../contract/error.js";
import { sizeOf } from "../../contract/tensor.js";
import { type AnyTensor, type NamedTensor, toFloat32, toStored } from "../../formats/named-tensor.js";
import type { TorchWeight } from "./rules.js";

/** Weights that stand for one, by what each is. */
type Parts = Readonly<Record<string, AnyTensor>>;

/** A way in which PyTorch keeps a weight as others that it computes it of at every call. */
export interface Reparametrisation {
  /** Names of the weights that stand for one of a module, by what each is; none where that can't be. */
  readonly names: (weight: string) => Readonly<Record<string, string>>;
  /** Whether it is what counts where the weight itself is there too. */
  readonly first?: true;
  readonly weight: (place: string, wanted: TorchWeight, parts: Parts) => AnyTensor;
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

/** Names of what is dropped of: weights of recurrent layers, there or beside the `module` that is wrapped. */
const undroppedName =
  (wrapped: RegExp) =>
  (weight: string): Readonly<Record<string, string>> =>
    /(^|\.)weight_(ih|hh)(_l\d+)?(_reverse)?$/.test(weight) && wrapped.test(weight)
      ? { raw: `${weight.replace(wrapped, "$1")}_raw` }
      : {};

/** Refuses parts of a weight. */
export function refuseParts(place: string, name: string, expected: string, got: string): never {
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
function numbers(place: string, name: string, part: AnyTensor, shape: readonly number[]): Float64Array {
  if (part.shape.join() !== shape.join())
    refuseParts(place, name, `parts that fit, here [${shape.join(", ")}]`, `[${part.shape.join(", ")}]`);
  const stored = toStored(part);
  return stored.dtype === "F64"
    ? (stored as NamedTensor<"F64">).data
    : Float64Array.from(toFloat32(part, `${place} weight "${name}"`).data);
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
function weightNormed(place: string, { name, shape }: TorchWeight, parts: Parts): AnyTensor {
  const g = parts["g"]!.shape;
  if (g.length !== 0 && (g.length !== shape.length || g.some((dim, k) => dim !== 1 && dim !== shape[k])))
    refuseParts(place, name, `a g that is [] or fits [${shape.join(", ")}]`, `[${g.join(", ")}]`);
  const [v, lengths] = [numbers(place, name, parts["v"]!, shape), numbers(place, name, parts["g"]!, g)];
  const squares = new Float64Array(sizeOf(g));
  v.forEach((value, k) => (squares[placeIn(shape, g, k)]! += value * value));
  const data = v.map((value, k) => {
    const at = placeIn(shape, g, k);
    return (lengths[at]! * value) / Math.sqrt(squares[at]!);
  });
  return { dtype: "F64", shape, data };
}

/**
 * W / (uᵀ W v), with W as the matrix [one axis, everything else] and the vectors that training has left
 * (Miyato et al. 2018, arXiv:1802.05957; `torch.nn.utils.spectral_norm` in eval mode). The axis is that of
 * the outputs, PyTorch's default for each module, or another where the vectors fit that one alone.
 */
function spectrallyNormed(place: string, wanted: TorchWeight, parts: Parts): AnyTensor {
  const { name, shape, outputAxis } = wanted;
  const whole = numbers(place, name, parts["orig"]!, shape);
  const restOf = (axis: number): number => sizeOf(shape.filter((_, k) => k !== axis));
  const fits = (axis: number): boolean =>
    parts["u"]!.shape.join() === `${shape[axis]}` && parts["v"]!.shape.join() === `${restOf(axis)}`;
  const others = shape.map((_, axis) => axis).filter(fits);
  const axis = fits(outputAxis) || others.length !== 1 ? outputAxis : others[0]!;
  const [rows, rest] = [shape[axis] ?? 1, restOf(axis)];
  const u = numbers(place, name, parts["u"]!, [rows]);
  const v = numbers(place, name, parts["v"]!, [rest]);
  // Elements that follow the axis lie side by side; its own are so far apart.
  const apart = sizeOf(shape.slice(axis + 1));
  let largest = 0;
  whole.forEach((value, k) => {
    const outer = Math.floor(k / (apart * rows));
    const row = Math.floor(k / apart) % rows;
    largest += u[row]! * value * v[outer * apart + (k % apart)]!;
  });
  return { dtype: "F64", shape, data: whole.map((value) => value / largest) };
}

/** A weight as it is outside of training, where nothing of it is dropped. */
const undropped = (_place: string, _wanted: TorchWeight, parts: Parts): AnyTensor => parts["raw"]!;

/**
 * Old names and new of weight norm and of spectral norm, and those of weight-dropped LSTMs (Merity, Keskar
 * and Socher 2018, arXiv:1708.02182): of the authors' code, whose weight itself is what the last step of
 * training left of it, if it is there, and of fastai, beside the module that is wrapped.
 */
export const reparametrisations: readonly Reparametrisation[] = [
  { names: legacy("g", "v"), weight: weightNormed },
  { names: within({ g: "original0", v: "original1" }), weight: weightNormed },
  { names: legacy("orig", "u", "v"), weight: spectrallyNormed },
  { names: within({ orig: "original", u: "0._u", v: "0._v" }), weight: spectrallyNormed },
  { names: undroppedName(/^()/), first: true, weight: undropped },
  { names: undroppedName(/(^|\.)module\.(?=[^.]+$)/), first: true, weight: undropped },
];
