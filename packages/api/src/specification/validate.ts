import { assertFits, limits } from "../contract/limits.js";
import { nearest } from "../contract/nearest.js";
import type { AnyCell, AnyLayer, Catalog, Wiring } from "../layers/definition.js";
import { type CellCheck, checkFields, type Fields, refuseSpec } from "../layers/fields.js";
import type { ValueInfo } from "../layers/value-info.js";
import { cellIn, everything, layerIn } from "./catalog.js";
import { inputFields, type Spec } from "./types.js";
import { inputValues, layerValues } from "./values.js";
import { layerWeightsIn } from "./weights.js";

type Values = ReadonlyMap<string, ValueInfo>;

const specFields = {
  format: { kind: "oneOf", of: ["unroll.spec"] },
  version: { kind: "oneOf", of: [1] },
  name: { kind: "text" },
  inputs: { kind: "list", least: 1 },
  layers: { kind: "list", least: 1 },
  outputs: { kind: "values", least: 1 },
} as const satisfies Fields;

/** The value of the key that tells which of several forms an object has. */
function tagOf(value: unknown, path: string, key: string, known: object): string {
  const tag =
    typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (typeof tag !== "string" || !Object.hasOwn(known, tag))
    refuseSpec(`${path}.${key}`, `one of ${Object.keys(known).join(", ")}`, tag, "pick one");
  return tag;
}

const tagged = (key: string, { fields }: { readonly fields: Fields }): Fields => ({
  [key]: { kind: "text" },
  ...fields,
});

/** Checks the form of a cell of a catalog. @throws UNROLL_SPEC, and what a custom cell's check throws */
export const cellCheck = (catalog: Catalog): CellCheck =>
  function check(value, path) {
    const definition = catalog.cells[tagOf(value, path, "kind", catalog.cells)]!;
    checkFields(value, path, tagged("kind", definition), check);
    definition.check?.(value as unknown as AnyCell, path);
  };

/** Checks the form of a spec: every key present, none unknown, every choice in range. */
function checkForm(catalog: Catalog, value: unknown): asserts value is Spec {
  const check = cellCheck(catalog);
  checkFields(value, "", specFields, check);
  const { inputs, layers } = value as { readonly [key: string]: readonly unknown[] };
  [...inputs!].forEach((input, k) => checkFields(input, `.inputs[${k}]`, inputFields, check));
  [...layers!].forEach((layer, k) => {
    const definition = catalog.layers[tagOf(layer, `.layers[${k}]`, "type", catalog.layers)]!;
    checkFields(layer, `.layers[${k}]`, tagged("type", definition), check);
  });
}

/** Checks that no name stands twice, and that a time axis which a layer makes is new. */
function checkNames(catalog: Catalog, spec: Spec): void {
  const names = new Set<string>();
  for (const { name } of [...spec.inputs, ...spec.layers]) {
    if (names.has(name)) refuseSpec(`"${name}"`, "a name used once", name, "rename one of the two");
    names.add(name);
  }
  const axes = new Set(spec.inputs.map(({ axis }) => axis));
  spec.layers.forEach((layer, k) => {
    const axis = layerIn(catalog, layer).axis?.(layer);
    if (!axis) return;
    if (axes.has(axis))
      refuseSpec(
        `.layers[${k}].axis`,
        "a time axis that is not there yet",
        axis,
        "an axis has one length; name the input's axis otherwise, or this one",
      );
    axes.add(axis);
  });
}

function look(values: Values, ref: string, path: string): ValueInfo {
  const known = [...values.keys()];
  return (
    values.get(ref) ??
    refuseSpec(
      path,
      `a value made before it: ${known.slice(-limits.axes).join(", ")}`,
      ref,
      `the nearest is "${nearest(ref.slice(0, limits.name), known)}"`,
    )
  );
}

/** What the wiring of a layer is checked with, given the values before it. */
function wiringOf(catalog: Catalog, path: string, values: Values): Wiring {
  return {
    path,
    cell: (cell) => cellIn(catalog, cell),
    refuse: (key, expected, got, cure) => refuseSpec(`${path}.${key}`, expected, got, cure),
    read(ref, key) {
      const info = look(values, ref, `${path}.${key}`);
      if (info.over !== undefined)
        refuseSpec(
          `${path}.${key}`,
          "a value with one time axis at most",
          ref,
          "attention weights have two: they can be an output and nothing more",
        );
      return info;
    },
  };
}

/**
 * Checks a spec whose layers a catalog has. As {@link validateSpec}.
 *
 * @throws UNROLL_SPEC, and what the check of a custom cell throws
 */
export function checkSpec(catalog: Catalog, value: unknown): asserts value is Spec {
  checkForm(catalog, value);
  checkNames(catalog, value);
  const values = inputValues(value.inputs);
  value.inputs.forEach(({ shape }, k) => assertFits("UNROLL_SPEC", `spec .inputs[${k}]`, shape));
  value.layers.forEach((layer: AnyLayer, k) => {
    layerIn(catalog, layer).wire(layer, wiringOf(catalog, `.layers[${k}]`, values));
    const made = layerValues(catalog, layer, values);
    for (const [ref, info] of made) values.set(ref, info);
    for (const { shape } of [...layerWeightsIn(catalog, layer), ...made.map(([, info]) => info)])
      assertFits("UNROLL_SPEC", `spec .layers[${k}]`, shape);
  });
  value.outputs.forEach((ref, k) => look(values, ref, `.outputs[${k}]`));
}

/**
 * Checks a spec as it comes from JSON: every key present, none unknown, every choice in range, every
 * reference to something that exists before it, sizes that fit.
 *
 * @throws UNROLL_SPEC naming the path, what was expected, what came and the cure; for the step of a custom
 *   cell also UNROLL_FORMAT, UNROLL_PROGRAM, UNROLL_SHAPE and UNROLL_DTYPE
 */
export function validateSpec(value: unknown): asserts value is Spec {
  checkSpec(everything, value);
}
