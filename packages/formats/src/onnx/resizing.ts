import type { Tensor } from "@unroll/api/torch";
import type { NodeCall, Operators } from "./node-call.js";
import { integers, known } from "./tensors.js";

/** One axis: elements after, of elements before, with what one is multiplied by. */
interface Axis {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

const f = Math.fround;

/** Where an element after comes from, in single precision as ONNX Runtime has it; by the operator's page. */
const places: ReadonlyMap<string, (k: number, axis: Axis) => number> = new Map([
  ["half_pixel", (k, { scale }) => f(f((k + 0.5) / scale) - 0.5)],
  ["pytorch_half_pixel", (k, { scale, to }) => (to > 1 ? f(f((k + 0.5) / scale) - 0.5) : 0)],
  ["align_corners", (k, { from, to }) => (to > 1 ? f((k * (from - 1)) / (to - 1)) : 0)],
  ["asymmetric", (k, { scale }) => f(k / scale)],
]);

const roundings: ReadonlyMap<string, (at: number) => number> = new Map([
  ["round_prefer_floor", (at) => Math.ceil(at - 0.5)],
  ["round_prefer_ceil", (at) => Math.floor(at + 0.5)],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
]);

/** One of a table by the name that an attribute has. */
function chosen<T>(call: NodeCall, table: ReadonlyMap<string, T>, attribute: string, otherwise: string): T {
  const name = call.text(attribute, otherwise);
  return (
    table.get(name) ??
    call.refuse(`${attribute} ${[...table.keys()].join(", ")}`, name, "export it with one of these")
  );
}

/** Numbers of an operand; undefined where it is left out, or empty as sets 11 and 12 write it. */
function listed(call: NodeCall, k: number): number[] | undefined {
  const values = call.has(k) ? call.values(k) : [];
  return values.length > 0 ? values : undefined;
}

function axesOf(call: NodeCall): Axis[] {
  const { shape } = call.input(0);
  const modern = call.node.op === "Resize" && call.opset >= 11;
  // The region matters to one transform only, which is refused.
  if (modern && call.has(1)) call.input(1);
  const attribute = call.floats("scales");
  const scales = attribute ? [...attribute] : listed(call, modern ? 2 : 1);
  const sizes = modern ? listed(call, 3) : undefined;
  const given = scales ?? sizes;
  const axes =
    call.ints("axes")?.map((axis) => call.axis(axis, shape.length)) ?? shape.map((_, axis) => axis);
  if (!given || (scales && sizes) || given.length !== axes.length || given.some((one) => !(one > 0)))
    return call.refuse(
      `${axes.length} scales or sizes, above 0`,
      `scales [${(scales ?? []).join(", ")}], sizes [${(sizes ?? []).join(", ")}]`,
      "export the model again",
    );
  return shape.map((from, k) => {
    const at = axes.indexOf(k);
    if (at < 0) return { from, to: from, scale: 1 };
    const one = given[at]!;
    return scales
      ? { from, to: Math.floor(f(from * one)), scale: one }
      : { from, to: one, scale: f(one / from) };
  });
}

/** Elements nearest to where each comes from. */
function nearest(x: Tensor, axis: number, at: readonly number[], last: number): Tensor {
  return x.indexSelect(axis, integers(at.map((one) => Math.min(Math.max(one, 0), last))));
}

/** Between the two elements around where each comes from, which is held within the axis. */
function linear(x: Tensor, axis: number, at: readonly number[], last: number): Tensor {
  const held = at.map((one) => Math.min(Math.max(one, 0), last));
  const low = held.map(Math.floor);
  const shape = x.shape.map((_, k) => (k === axis ? at.length : 1));
  const parts = known({
    dtype: "float32",
    shape,
    data: Float32Array.from(held, (one, k) => one - low[k]!),
  });
  const before = x.indexSelect(axis, integers(low));
  const after = x.indexSelect(axis, integers(low.map((one) => Math.min(one + 1, last))));
  return before.mul(parts.mul(-1).add(1)).add(after.mul(parts));
}

function resize(call: NodeCall): Tensor {
  const axes = axesOf(call);
  const old = call.node.op === "Upsample" || call.opset < 11;
  const mode = call.text("mode", "nearest");
  const isNearest = mode === "nearest";
  if (!isNearest && mode !== "linear")
    call.refuse("mode nearest or linear", mode, "export it with one of these");
  const place = chosen(call, places, "coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  const rounding = chosen(call, roundings, "nearest_mode", old ? "floor" : "round_prefer_floor");
  if (old && axes.some(({ scale }) => scale < 1))
    call.refuse(
      "scales of at least 1 before set 11",
      "smaller ones",
      "export it with operator set 11 or newer",
    );
  if (axes.some(({ to }) => to < 1))
    call.refuse("elements along each axis", "none", "engines have no empty tensors; feed more");
  call.room(axes.map(({ to }) => to));
  return axes.reduce((x, axis, k) => {
    if (axis.from === axis.to && axis.scale === 1) return x;
    const at = Array.from({ length: axis.to }, (_, one) => place(one, axis));
    return isNearest ? nearest(x, k, at.map(rounding), axis.from - 1) : linear(x, k, at, axis.from - 1);
  }, call.input(0));
}

/** Operators that make axes longer or shorter. Cubic ones and regions are refused. */
export const resizing = (): Operators => ({
  Resize: {
    attributes: [
      "axes",
      "coordinate_transformation_mode",
      "mode",
      "nearest_mode",
      // These say what cubic modes and regions do.
      "cubic_coeff_a",
      "extrapolation_value",
    ],
    only: { antialias: 0, exclude_outside: 0, keep_aspect_ratio_policy: "stretch" },
    run: resize,
  },
  Upsample: { attributes: ["mode", "scales"], run: resize },
});
