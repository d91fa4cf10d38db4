import { arange, cat, F, type Tensor, where } from "@unroll/api/torch";
import type { NodeCall, Operators } from "./node-call.js";
import { dtypes, hostTensorOf, integers, known, valuesOf, zerosOf } from "./tensors.js";

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function reshape(call: NodeCall): Tensor {
  const x = call.input(0);
  const wanted = call.list("shape", 1) ?? call.refuse("a shape", "none", "export the model again");
  const zero = call.int("allowzero", 0) === 1;
  const shape = wanted.map((size, k) => (size === 0 && !zero ? (x.shape[k] ?? 0) : size));
  const rest = shape.filter((size) => size !== -1).reduce((a, b) => a * b, 1);
  const whole = shape.map((size) => (size === -1 ? sizeOf(x.shape) / rest : size));
  if (sizeOf(whole) !== sizeOf(x.shape) || whole.some((size) => !Number.isInteger(size) || size < 0))
    call.refuse(
      `a shape of ${sizeOf(x.shape)} elements`,
      `[${wanted.join(", ")}]`,
      "feed other sizes, or export it with free ones",
    );
  return x.reshape(whole);
}

function flatten(call: NodeCall): Tensor {
  const x = call.input(0);
  const [axis, rank] = [call.int("axis", 1), x.shape.length];
  const at = axis === rank ? rank : call.axis(axis, rank);
  return x.reshape([sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
}

function squeeze(call: NodeCall): Tensor {
  const x = call.input(0);
  const rank = x.shape.length;
  const axes = call.list("axes", 1)?.map((axis) => call.axis(axis, rank));
  const gone = axes ?? x.shape.flatMap((size, k) => (size === 1 ? [k] : []));
  if (gone.some((axis) => x.shape[axis] !== 1))
    call.refuse(
      `length 1 along axes ${gone.join(", ")}`,
      `[${x.shape.join(", ")}]`,
      "feed that size, e.g. one row",
    );
  return x.reshape(x.shape.filter((_, k) => !gone.includes(k)));
}

function unsqueeze(call: NodeCall): Tensor {
  const x = call.input(0);
  const axes = call.list("axes", 1) ?? call.refuse("axes", "none", "export the model again");
  const rank = x.shape.length + axes.length;
  const at = axes.map((axis) => call.axis(axis, rank));
  if (new Set(at).size < at.length) call.refuse("each axis once", axes.join(", "), "export the model again");
  const own = [...x.shape];
  return x.reshape(Array.from({ length: rank }, (_, k) => (at.includes(k) ? 1 : own.shift()!)));
}

function concat(call: NodeCall): Tensor {
  const all = call.all();
  const axis = call.axis(call.int("axis", 1), all[0]!.shape.length);
  // Shape arithmetic joins lists of which some are empty.
  const some = all.filter(({ shape }) => !shape.includes(0));
  if (some.length > 0) return cat(some, axis);
  const joined = all.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return zerosOf(
    all[0]!.dtype,
    all[0]!.shape.map((size, k) => (k === axis ? joined : size)),
  );
}

/** Elements of one axis from `start` to before `end`, every `step`-th. */
function sliced(call: NodeCall, x: Tensor, axis: number, from: number, to: number, step: number): Tensor {
  const size = x.shape[axis]!;
  const inside = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high);
  if (step < 0) {
    const [start, end] = [inside(from, 0, size - 1), to < -size ? -1 : inside(to, -1, size - 1)];
    return sliced(call, x.flip(axis), axis, size - 1 - start, size - 1 - end, -step);
  }
  const [start, end] = [inside(from, 0, size), inside(to, 0, size)];
  if (end <= start) {
    if (x.backend === null)
      return zerosOf(
        x.dtype,
        x.shape.map((one, k) => (k === axis ? 0 : one)),
      );
    return call.refuse(
      `elements along axis ${axis} of [${x.shape.join(", ")}]`,
      `none from ${from} to ${to}`,
      "engines have no empty tensors; feed more",
    );
  }
  if (start === 0 && end === size && step === 1) return x;
  return x.at(...new Array<string>(axis).fill(":"), `${start}:${end}:${step}`);
}

function slice(call: NodeCall): Tensor {
  const x = call.input(0);
  const [starts, ends] = [call.list("starts", 1), call.list("ends", 2)];
  if (!starts || !ends) return call.refuse("starts and ends", "none", "export the model again");
  const axes = call.list("axes", 3) ?? starts.map((_, k) => k);
  const steps = call.has(4) ? call.values(4) : starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length) || steps.includes(0))
    call.refuse("starts, ends, axes and steps in equal number", "others", "export the model again");
  return starts.reduce(
    (part, start, k) => sliced(call, part, call.axis(axes[k]!, x.shape.length), start, ends[k]!, steps[k]!),
    x,
  );
}

/** Places along an axis, counted from its front. @throws UNROLL_UNSUPPORTED for known ones that lie beyond */
function placesOf(call: NodeCall, k: number, size: number): Tensor {
  const places = call.input(k);
  const values = valuesOf(places);
  if (!values) return where(places.lt(0), places.add(size), places);
  const odd = Array.from(values).find((one) => one < -size || one >= size);
  if (odd !== undefined)
    call.refuse(`indices within ${size} elements`, String(odd), "export the model again");
  return known({
    dtype: "int32",
    shape: places.shape,
    data: Int32Array.from(values, (one) => (one < 0 ? one + size : one)),
  });
}

function gather(call: NodeCall): Tensor {
  const x = call.input(0);
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const places = placesOf(call, 1, x.shape[axis]!);
  const shape = [...x.shape.slice(0, axis), ...places.shape, ...x.shape.slice(axis + 1)];
  if (places.shape.includes(0)) return zerosOf(x.dtype, shape);
  if (x.backend === null && places.backend === null) call.room(shape);
  return x.indexSelect(axis, places.reshape([sizeOf(places.shape)])).reshape(shape);
}

function gatherElements(call: NodeCall): Tensor {
  const x = call.input(0);
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  return x.gather(axis, placesOf(call, 1, x.shape[axis]!));
}

/** Elements, or parts, at places that the last axis of the indices says. */
function gatherNd(call: NodeCall): Tensor {
  const [x, places] = [call.input(0), call.input(1)];
  const count = places.shape.at(-1) ?? 0;
  if (count < 1 || count > x.shape.length)
    call.refuse(`indices of 1 to ${x.shape.length} axes`, `${count}`, "export the model again");
  const own = x.shape.slice(0, count);
  const outside = valuesOf(places);
  const odd = outside && Array.from(outside).find((at, k) => at < -own[k % count]! || at >= own[k % count]!);
  if (odd !== undefined && odd !== null)
    call.refuse(`indices within [${own.join(", ")}]`, String(odd), "export the model again");
  const flat = places.reshape([-1, count]);
  const sizes = integers(own);
  const steps = integers(own.map((_, k) => sizeOf(own.slice(k + 1))));
  const at = where(flat.lt(0), flat.add(sizes), flat).mul(steps).sum({ dim: 1 });
  const shape = [...places.shape.slice(0, -1), ...x.shape.slice(count)];
  if (x.backend === null && places.backend === null) call.room(shape);
  return x
    .reshape([sizeOf(own), ...x.shape.slice(count)])
    .indexSelect(0, at.to("int32"))
    .reshape(shape);
}

function split(call: NodeCall): Tensor[] {
  const x = call.input(0);
  const axis = call.axis(call.int("axis", 0), x.shape.length);
  const count = call.int("num_outputs", call.node.outputs.length);
  const size = x.shape[axis]!;
  const sizes = call.list("split", 1);
  const parts = call.node.outputs.length;
  if ((sizes?.length ?? count) !== parts)
    call.refuse(`${parts} parts, one for each output`, `${sizes?.length ?? count}`, "export the model again");
  if (sizes) return x.split(sizes, axis);
  const each = Math.ceil(size / Math.max(count, 1));
  if (count < 1 || each * (count - 1) >= size)
    call.refuse(`at most ${size} parts`, `${count}`, "export the model again");
  return x.split(
    Array.from({ length: count }, (_, k) => Math.min(each, size - k * each)),
    axis,
  );
}

function expand(call: NodeCall): Tensor {
  const x = call.input(0);
  const wanted = call.values(1);
  const rank = Math.max(wanted.length, x.shape.length);
  const at = (shape: readonly number[], k: number): number => shape[k - (rank - shape.length)] ?? 1;
  // Either stretches to the other.
  const shape = Array.from({ length: rank }, (_, k) =>
    at(wanted, k) === 1 ? at(x.shape, k) : at(wanted, k),
  );
  return x.expand(call.room(shape));
}

function tile(call: NodeCall): Tensor {
  const x = call.input(0);
  const times = call.values(1);
  if (times.length !== x.shape.length || times.some((one) => one < 1))
    call.refuse(
      `${x.shape.length} repeats of at least 1`,
      `[${times.join(", ")}]`,
      "engines have no empty tensors",
    );
  call.room(x.shape.map((size, k) => size * times[k]!));
  return x.repeat(times);
}

/** Which element of an axis stands at a place before its first or after its last, by mode. */
const beyond: ReadonlyMap<string, (at: number, size: number) => number> = new Map([
  ["reflect", (at, size) => (at < 0 ? -at : at < size ? at : 2 * (size - 1) - at)],
  ["edge", (at, size) => Math.min(Math.max(at, 0), size - 1)],
  ["wrap", (at, size) => ((at % size) + size) % size],
]);

function pad(call: NodeCall): Tensor {
  const x = call.input(0);
  const rank = x.shape.length;
  const pads = call.list("pads", 1) ?? call.refuse("pads", "none", "export the model again");
  const axes = call.has(3)
    ? call.values(3).map((axis) => call.axis(axis, rank))
    : Array.from({ length: rank }, (_, k) => k);
  const mode = call.text("mode", "constant");
  const source = beyond.get(mode);
  if ((!source && mode !== "constant") || pads.length !== 2 * new Set(axes).size)
    call.refuse(
      `${2 * axes.length} pads, each axis once, of mode constant, ${[...beyond.keys()].join(", ")}`,
      `${pads.length} of ${mode}`,
      "export the model again",
    );
  const ends = x.shape.map((_, axis): readonly [before: number, after: number] => {
    const k = axes.indexOf(axis);
    return k < 0 ? [0, 0] : [pads[k]!, pads[k + axes.length]!];
  });
  call.room(x.shape.map((size, k) => Math.max(0, size + ends[k]![0] + ends[k]![1])));
  if (!source) {
    // PyTorch's are [before, after] of the last axis, then of the one before it.
    const value = call.has(2) ? call.value(2) : call.float("value", 0);
    return F.pad(x, [...ends].reverse().flat(), "constant", value);
  }
  // What stands there is the axis's own.
  if (call.has(2)) call.input(2);
  return ends.reduce((made, [before, after], axis) => {
    if (before === 0 && after === 0) return made;
    const size = x.shape[axis]!;
    const length = size + before + after;
    if (length < 1 || (mode === "reflect" && Math.max(before, after) >= size))
      call.refuse(
        `pads that axis ${axis} of ${size} has elements for`,
        `${before} and ${after}`,
        "feed more",
      );
    const at = Array.from({ length }, (_, k) => source(k - before, size));
    return made.indexSelect(axis, integers(at));
  }, x);
}

function constant(call: NodeCall): Tensor {
  const value = call.tensor("value");
  if (value) return known(hostTensorOf(call.place, value));
  const floats = call.floats("value_floats");
  if (floats) return known({ dtype: "float32", shape: [floats.length], data: Float32Array.from(floats) });
  const ints = call.ints("value_ints");
  if (ints) return integers(ints);
  if (call.node.attributes.has("value_int")) return integers([call.int("value_int", 0)]).reshape([]);
  if (call.node.attributes.has("value_float"))
    return known({ dtype: "float32", shape: [], data: Float32Array.of(call.float("value_float", 0)) });
  return call.refuse("numbers", "another constant", "export the model without texts and sparse tensors");
}

function constantOfShape(call: NodeCall): Tensor {
  const shape = call.room(call.values(0));
  const value = call.tensor("value");
  if (!value) return zerosOf("float32", shape);
  const one = hostTensorOf(call.place, value);
  if (one.data.length !== 1) call.refuse("one value", `${one.data.length}`, "export the model again");
  const filled = zerosOf(one.dtype, shape);
  return known({ dtype: one.dtype, shape, data: filled.data.fill(one.data[0]!) });
}

function range(call: NodeCall): Tensor {
  const [start, end, step] = [call.value(0), call.value(1), call.value(2)];
  const count = Math.max(0, Math.ceil((end - start) / step));
  const { dtype } = call.input(0);
  call.room([count]);
  if (count === 0) return zerosOf(dtype, [0]);
  return arange(0, count).to(dtype).mul(call.input(2)).add(call.input(0));
}

function cast(call: NodeCall): Tensor {
  const to = call.int("to", 0);
  const dtype =
    dtypes.get(to) ??
    call.refuse(
      "FLOAT, INT32, INT64 or BOOL",
      `element type ${to} of onnx.proto`,
      "engines have no others; export it in float32",
    );
  return call.input(0).to(dtype);
}

function oneHot(call: NodeCall): Tensor {
  const depth = call.value(1);
  const [places, values] = [call.input(0).to("int32"), call.input(2)];
  call.room([...places.shape, depth]);
  const axis = call.int("axis", -1);
  const rank = places.shape.length + 1;
  const at = call.axis(axis, rank);
  const own = where(places.lt(0), places.add(depth), places).unsqueeze(at);
  const counted = arange(0, depth).reshape(Array.from({ length: rank }, (_, k) => (k === at ? depth : 1)));
  return where(own.eq(counted), values.at(1), values.at(0));
}

function shapeOf(call: NodeCall): Tensor {
  const { shape } = call.input(0);
  const rank = shape.length;
  const within = (at: number): number => Math.min(Math.max(at < 0 ? at + rank : at, 0), rank);
  return integers(shape.slice(within(call.int("start", 0)), within(call.int("end", rank))));
}

/** Models here are not in training, so that the ratio doesn't matter. */
function dropout(call: NodeCall): Tensor {
  if (call.has(1)) call.input(1);
  if (call.has(2) && call.value(2) !== 0)
    call.refuse("training_mode false", "true", "export it for inference, after model.eval()");
  return call.input(0);
}

/** Operators that make, move and measure elements. */
export const layout = (): Operators => ({
  Reshape: { attributes: ["allowzero", "shape"], run: reshape },
  Flatten: { attributes: ["axis"], run: flatten },
  Squeeze: { attributes: ["axes"], run: squeeze },
  Unsqueeze: { attributes: ["axes"], run: unsqueeze },
  Transpose: {
    attributes: ["perm"],
    run: (call) =>
      call.input(0).permute(
        call.ints("perm") ??
          call
            .input(0)
            .shape.map((_, k) => k)
            .reverse(),
      ),
  },
  Concat: { attributes: ["axis"], run: concat },
  Slice: { attributes: ["starts", "ends", "axes"], run: slice },
  Gather: { attributes: ["axis"], run: gather },
  GatherElements: { attributes: ["axis"], run: gatherElements },
  GatherND: { only: { batch_dims: 0 }, run: gatherNd },
  Split: { attributes: ["axis", "split", "num_outputs"], outputs: Infinity, run: split },
  Expand: { run: expand },
  Tile: { run: tile },
  Pad: { attributes: ["mode", "pads", "value"], run: pad },
  Trilu: {
    attributes: ["upper"],
    run(call) {
      const [x, diagonal] = [call.input(0), call.has(1) ? call.value(1) : 0];
      return call.int("upper", 1) === 1 ? x.triu(diagonal) : x.tril(diagonal);
    },
  },
  Shape: { attributes: ["start", "end"], run: shapeOf },
  Size: { run: (call) => integers([sizeOf(call.input(0).shape)]).reshape([]) },
  Constant: {
    attributes: ["value", "value_float", "value_floats", "value_int", "value_ints"],
    run: constant,
  },
  ConstantOfShape: { attributes: ["value"], run: constantOfShape },
  Range: { run: range },
  Cast: { attributes: ["to", "saturate"], run: cast },
  CastLike: { attributes: ["saturate"], run: (call) => call.input(0).typeAs(call.input(1)) },
  OneHot: { attributes: ["axis"], run: oneHot },
  Dropout: { attributes: ["ratio", "seed"], run: dropout },
});
