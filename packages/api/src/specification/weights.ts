import { unrollError } from "../contract/error.js";
import type { WeightMap } from "../contract/adapter.js";
import { gatesOf, outputSize } from "./cell-parts.js";
import type { CellSpec, LayerSpec, Spec } from "./types.js";

/** A weight that a spec needs, under its canonical name. Always float32. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

function cellWeights(prefix: string, cell: CellSpec): WeightSpec[] {
  if (cell.kind === "custom")
    return Object.entries(cell.weights).map(([name, shape]) => ({ name: `${prefix}.${name}`, shape }));
  const columns = gatesOf(cell).length * cell.units;
  const biases = { none: [], single: ["bias"], split: ["inputBias", "recurrentBias"] }[cell.bias];
  return [
    { name: `${prefix}.kernel`, shape: [cell.inputSize, columns] },
    { name: `${prefix}.recurrentKernel`, shape: [outputSize(cell), columns] },
    ...biases.map((bias) => ({ name: `${prefix}.${bias}`, shape: [columns] })),
    ...(cell.kind === "lstm" && cell.peepholes
      ? [{ name: `${prefix}.peephole`, shape: [3 * cell.units] }]
      : []),
    ...(cell.kind === "lstm" && cell.projection !== null
      ? [{ name: `${prefix}.projectionKernel`, shape: [cell.units, cell.projection] }]
      : []),
  ];
}

/**
 * Canonical weights of one layer: `name.kernel` [inputSize, gates x units], `name.recurrentKernel` [size of
 * h, gates x units], `name.peephole` [3 units] of gates i f o, `name.projectionKernel` [units, projection],
 * `name.bias` or `name.inputBias` and `name.recurrentBias`; `name.forward.kernel`, ... when bidirectional; a
 * custom cell's under its own names; `name.table` for an embedding; `name.scale` and `name.innerScale` for an
 * attention. Products are row vector times matrix.
 */
export function layerWeights(layer: LayerSpec): WeightSpec[] {
  switch (layer.type) {
    case "recurrent":
      return cellWeights(layer.name, layer.cell);
    case "bidirectional":
      return [
        ...cellWeights(`${layer.name}.forward`, layer.forward),
        ...cellWeights(`${layer.name}.backward`, layer.backward),
      ];
    case "embedding":
      return [{ name: `${layer.name}.table`, shape: [layer.inputSize, layer.outputSize] }];
    case "dense":
      return [
        { name: `${layer.name}.kernel`, shape: [layer.inputSize, layer.units] },
        ...(layer.bias === "single" ? [{ name: `${layer.name}.bias`, shape: [layer.units] }] : []),
      ];
    case "attention":
      return [
        ...(layer.innerScale === "scalar" ? [{ name: `${layer.name}.innerScale`, shape: [] }] : []),
        ...(layer.scale === "none"
          ? []
          : [{ name: `${layer.name}.scale`, shape: layer.scale === "vector" ? [layer.inputSize] : [] }]),
      ];
    case "activation":
    case "dropout":
    case "merge":
    case "repeat":
      return [];
    default:
      return layer satisfies never;
  }
}

/** All canonical weights of a spec, in layer order. */
export function specWeights(spec: Spec): WeightSpec[] {
  return spec.layers.flatMap(layerWeights);
}

/** How weights differ from what was expected; all of it, so that one error can say it. */
export interface WeightProblems {
  readonly missing: readonly WeightSpec[];
  readonly unexpected: readonly string[];
  readonly misshaped: readonly { name: string; expected: readonly number[]; got: readonly number[] }[];
}

/** Compares names and shapes. */
export function weightProblems(
  expected: readonly WeightSpec[],
  got: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): WeightProblems {
  const known = new Set(expected.map((w) => w.name));
  const present = (name: string): boolean => Object.hasOwn(got, name);
  return {
    missing: expected.filter((w) => !present(w.name)),
    unexpected: Object.keys(got).filter((name) => !known.has(name)),
    misshaped: expected
      .filter((w) => present(w.name) && got[w.name]!.shape.join() !== w.shape.join())
      .map((w) => ({ name: w.name, expected: w.shape, got: got[w.name]!.shape })),
  };
}

/**
 * Throws one UNROLL_WEIGHTS error that lists every missing, unexpected and mis-shaped key, or returns.
 *
 * @param place what the weights are for, e.g. `model "charlm"`
 * @param cure what to do about it
 */
export function assertWeights(
  place: string,
  expected: readonly WeightSpec[],
  got: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  cure: string,
): void {
  const { missing, unexpected, misshaped } = weightProblems(expected, got);
  if (missing.length + unexpected.length + misshaped.length === 0) return;
  const dims = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
  const parts = [
    missing.length > 0 && `missing ${missing.map((w) => `${w.name} ${dims(w.shape)}`).join(", ")}`,
    unexpected.length > 0 &&
      `unexpected ${unexpected.map((name) => `${name} ${dims(got[name]!.shape)}`).join(", ")}`,
    misshaped.length > 0 &&
      `mis-shaped ${misshaped.map((m) => `${m.name} is ${dims(m.got)}, not ${dims(m.expected)}`).join(", ")}`,
  ].filter((part) => part !== false);
  throw unrollError({
    code: "UNROLL_WEIGHTS",
    place: place,
    expected: `${expected.length} weights`,
    got: `${missing.length} missing, ${unexpected.length} unexpected, ${misshaped.length} mis-shaped: ${parts.join("; ")}`,
    cure: cure,
    details: { missing, unexpected, misshaped },
  });
}

/** Checks canonical weights against a spec: names, shapes, dtype. @throws UNROLL_WEIGHTS, UNROLL_DTYPE */
export function assertSpecWeights(spec: Spec, weights: WeightMap): void {
  assertWeights(
    `model "${spec.name}"`,
    specWeights(spec),
    weights,
    "weights have canonical names and layouts here, see fromTorch and fromKeras to convert",
  );
  for (const [name, weight] of Object.entries(weights)) {
    if (weight.dtype !== "float32") {
      throw unrollError({
        code: "UNROLL_DTYPE",
        place: `model "${spec.name}" weight "${name}"`,
        expected: "float32",
        got: weight.dtype,
        cure: "convert it first",
        details: { name },
      });
    }
  }
}
