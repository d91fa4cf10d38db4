import { unrollError } from "../contract/error.js";
import { isRecord } from "../contract/kind.js";
import { knownOptions } from "../contract/known-options.js";
import { shown } from "../contract/shown.js";
import type { ValueInfo } from "../layers/value-info.js";
import { KerasTensor } from "./layer.js";

/** Options of {@link input}. */
export interface InputOptions {
  /**
   * Axes after batch; null for a length that may differ: [null, 8] are sequences of 8 features, [null] are
   * sequences of ids where an embedding reads them.
   */
  readonly shape?: readonly (number | null)[];
  /** The same with the batch before it, whose size is free here. */
  readonly batchShape?: readonly (number | null)[];
  /**
   * What its elements are: `bool` is for masks, [null]. Default: `int32` where an embedding reads it,
   * `float32` otherwise.
   */
  readonly dtype?: ValueInfo["dtype"];
  /** What `predict` takes it by, where inputs are given by name. Default: numbered within the model. */
  readonly name?: string;
  /** Without effect: `predict` takes any number of rows. */
  readonly batchSize?: number | null;
  /** Only false. */
  readonly sparse?: false;
  /** Only false. */
  readonly optional?: false;
}

/**
 * An input of a functional model: `input([null, 8])`, or by name `input({ shape: [null, 8] })`.
 *
 * @throws UNROLL_SHAPE for an axis other than the first without a size; UNROLL_ARGUMENT
 */
export function input(
  options: InputOptions | readonly (number | null)[],
  more: Omit<InputOptions, "shape" | "batchShape"> = {},
): KerasTensor {
  const listed = Array.isArray(options);
  if (!listed && Object.keys(more ?? {}).length > 0)
    refuse("a shape, then options; or options alone", "options twice", "put them into one object");
  const given = listed
    ? { ...more, shape: options as readonly (number | null)[] }
    : (options as InputOptions);
  if (!isRecord(given as unknown))
    refuse("a shape, or options with one", shown(given), "e.g. input([null, 8])");
  if (given.name !== undefined && typeof (given.name as unknown) !== "string")
    refuse("a name", shown(given.name), "write it in quotes");
  knownOptions("input", given, ["shape", "dtype", "name", "batchSize", "batchShape", "sparse", "optional"]);
  const { shape, dtype, name, batchShape, batchSize = batchShape?.[0] } = given;
  for (const key of ["sparse", "optional"] as const)
    if (given[key] !== undefined && (given[key] as unknown) !== false)
      refuse(`${key} false`, shown(given[key]), "every input is a whole tensor");
  if ((shape === undefined) === (batchShape === undefined))
    refuse(
      "shape or batchShape",
      shape === undefined ? "neither" : "both",
      "e.g. input({ shape: [null, 8] })",
    );
  if (!["float32", "int32", "bool", undefined].includes(dtype))
    refuse("dtype float32, int32 or bool", shown(dtype), "leave it out: an embedding reads ids");
  if ((batchSize ?? null) !== null && !(Number.isInteger(batchSize) && batchSize! >= 1))
    refuse("batchSize as a whole number of at least 1", shown(batchSize), "or leave it out");
  return KerasTensor.input({
    name: name ?? "",
    shape: shape ?? batchShape!.slice(1),
    dtype: dtype ?? null,
    batchSize: batchSize ?? null,
  });
}

function refuse(expected: string, got: string, cure: string): never {
  throw unrollError({ code: "UNROLL_ARGUMENT", place: "input", expected, got, cure });
}
