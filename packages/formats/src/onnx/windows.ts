import { convolution, input, type LayerSpec, lower, pool, spec } from "@unroll/api";
import { callProgram, type Tensor } from "@unroll/api/torch";
import type { NodeCall, Operators } from "./node-call.js";

/** Windows over the axes after batch and channels, as a layer has them. */
interface Windows {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
}

function windowsOf(call: NodeCall, sizes: readonly number[], kernel: readonly number[]): Windows {
  const axes = sizes.length;
  const ones = new Array<number>(axes).fill(1);
  const strides = call.ints("strides") ?? ones;
  const dilations = call.ints("dilations") ?? ones;
  const pads = call.ints("pads") ?? new Array<number>(2 * axes).fill(0);
  if (
    [kernel, strides, dilations].some((list) => list.length !== axes || list.some((one) => one < 1)) ||
    pads.length !== 2 * axes
  )
    call.refuse(`windows over ${axes} axes`, "others", "export the model again");
  const auto = call.text("auto_pad", "NOTSET");
  const padding = sizes.map((size, k): readonly [number, number] => {
    if (auto === "NOTSET") return [pads[k]!, pads[k + axes]!];
    if (auto === "VALID") return [0, 0];
    const span = (kernel[k]! - 1) * dilations[k]! + 1;
    const all = Math.max(0, (Math.ceil(size / strides[k]!) - 1) * strides[k]! + span - size);
    const [less, more] = [Math.floor(all / 2), Math.ceil(all / 2)];
    if (auto === "SAME_UPPER") return [less, more];
    if (auto === "SAME_LOWER") return [more, less];
    return call.refuse("auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER", auto, "export the model again");
  });
  return { kernelSize: kernel, strides, dilations, padding };
}

/** A layer over [batch, ...axes, channels] on a value [batch, channels, ...axes]. */
function overAxes(
  call: NodeCall,
  layerOf: (image: readonly number[]) => LayerSpec,
  weights: Readonly<Record<string, Tensor>>,
): Tensor {
  const x = call.input(0);
  const rank = x.shape.length;
  const inner = Array.from({ length: rank - 2 }, (_, k) => k + 2);
  const last = x.permute([0, ...inner, 1]);
  const shape = last.shape.slice(1);
  const model = spec({
    name: call.node.op,
    inputs: [input({ name: "x", axis: null, shape })],
    layers: [layerOf(shape)],
  });
  const result = callProgram(lower(model, { mode: "sequence" }), { x: last, ...weights })["layer"]!;
  return result.permute([0, rank - 1, ...inner.map((axis) => axis - 1)]);
}

function conv(call: NodeCall): Tensor {
  const [x, w] = [call.input(0), call.input(1)];
  const sizes = x.shape.slice(2);
  if (sizes.length === 0 || w.shape.length !== x.shape.length)
    call.refuse(
      "X [batch, channels, ...] and W of as many axes",
      `[${x.shape.join(", ")}] and [${w.shape.join(", ")}]`,
      "export the model again",
    );
  const kernel = call.ints("kernel_shape") ?? w.shape.slice(2);
  const windows = windowsOf(call, sizes, kernel);
  const inner = sizes.map((_, k) => k + 2);
  const layer = (inputShape: readonly number[]): LayerSpec =>
    convolution({
      name: "layer",
      input: "x",
      over: "features",
      inputShape,
      filters: w.shape[0]!,
      groups: call.int("group", 1),
      bias: call.has(2) ? "single" : "none",
      ...windows,
    });
  return overAxes(call, layer, {
    "layer.kernel": w.permute([...inner, 1, 0]),
    ...(call.has(2) && { "layer.bias": call.input(2) }),
  });
}

function pooled(call: NodeCall, kind: "max" | "average"): Tensor {
  const { shape } = call.input(0);
  const kernel = call.ints("kernel_shape") ?? call.refuse("kernel_shape", "none", "export the model again");
  if (shape.length < 3)
    call.refuse("X [batch, channels, ...]", `[${shape.join(", ")}]`, "export the model again");
  const windows = windowsOf(call, shape.slice(2), kernel);
  const layer = (): LayerSpec =>
    pool({
      name: "layer",
      input: "x",
      over: "features",
      kind,
      countPadding: call.int("count_include_pad", 0) === 1,
      ...windows,
    });
  return overAxes(call, layer, {});
}

/** Folds all axes after batch and channels. */
const global = (call: NodeCall, of: (x: Tensor, dim: readonly number[]) => Tensor): Tensor => {
  const x = call.input(0);
  return of(
    x,
    Array.from({ length: x.shape.length - 2 }, (_, k) => k + 2),
  );
};

const shared = ["auto_pad", "dilations", "kernel_shape", "pads", "strides"];

/** Operators over windows. */
export const windows = (): Operators => ({
  Conv: { attributes: [...shared, "group"], run: conv },
  MaxPool: {
    attributes: shared,
    only: { ceil_mode: 0, storage_order: 0 },
    run: (call) => pooled(call, "max"),
  },
  AveragePool: {
    attributes: [...shared, "count_include_pad"],
    only: { ceil_mode: 0 },
    run: (call) => pooled(call, "average"),
  },
  GlobalAveragePool: { run: (call) => global(call, (x, dim) => x.mean({ dim, keepdim: true })) },
  GlobalMaxPool: { run: (call) => global(call, (x, dim) => x.amax({ dim, keepdim: true })) },
});
