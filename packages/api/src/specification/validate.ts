import { unrollError } from "../contract/error.js";
import { assertProgramForm } from "../program/form.js";
import { activationNames } from "../layers/activations.js";
import { nearest } from "../contract/nearest.js";
import { type ValueInfo, valuesOf } from "./values.js";
import { outputPart, outputSize, partSize, stateParts } from "./cell-parts.js";
import { assertCustomCell } from "./custom-cell.js";
import type { AttentionSpec, CellSpec, CustomCellSpec, LayerSpec, MaskingSpec, Spec } from "./types.js";

type Check = (value: unknown, path: string) => void;

function refuse(path: string, expected: string, got: unknown, cure: string): never {
  const shown = JSON.stringify(got) ?? String(got);
  throw unrollError({
    code: "UNROLL_SPEC",
    place: `spec ${path}`,
    expected: expected,
    got: shown.length > 80 ? `${shown.slice(0, 77)}...` : shown,
    cure: cure,
    details: { path, expected, got },
  });
}

const oneOf =
  (...allowed: readonly (string | boolean | number)[]): Check =>
  (value, path) => {
    if (!(allowed as readonly unknown[]).includes(value))
      refuse(path, `one of ${allowed.join(", ")}`, value, "write the choice out");
  };
const count: Check = (value, path) => {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1)
    refuse(path, "a whole number of at least 1", value, "sizes are counts");
};
const axis: Check = (value, path) => {
  name(value, path);
  if (value === "batch")
    refuse(
      path,
      "a time axis",
      value,
      "batch is the first axis of every value; name another, or null for none",
    );
};
const axisOrNull: Check = (value, path) => {
  if (value !== null) axis(value, path);
};
const countOrNull: Check = (value, path) => {
  if (value !== null) count(value, path);
};
const text: Check = (value, path) => {
  if (typeof value !== "string") refuse(path, "a string", value, "quote it");
};
const name: Check = (value, path) => {
  if (typeof value !== "string" || !/^[A-Za-z_][A-Za-z0-9_\-/]*$/.test(value))
    refuse(
      path,
      "a name of letters, digits, _, - and /",
      value,
      "a dot separates a layer from its parts, so names have none",
    );
};
const listOf =
  (check: Check, least = 0): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < least)
      refuse(path, `a list of ${least} or more`, value, "wrap it in [ ]");
    value.forEach((item, k) => check(item, `${path}[${k}]`));
  };
const rate: Check = (value, path) => {
  if (typeof value !== "number" || !(value >= 0 && value <= 1))
    refuse(path, "a number from 0 to 1", value, "a rate is the share that training drops");
};
const refs: Check = (value, path) => {
  if (value === null) return;
  if (typeof value !== "object" || Array.isArray(value))
    refuse(path, "null or an object of part to value", value, 'e.g. { "h": "encoder.h" }');
  for (const [part, ref] of Object.entries(value as object)) text(ref, `${path}.${part}`);
};

/** Checks that an object has the listed keys, all of them and no others, each passing its check. */
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      refuse(path, "an object", value, `with ${Object.keys(fields).join(", ")}`);
    const extra = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (extra !== undefined)
      refuse(
        `${path}.${extra}`,
        `only ${Object.keys(fields).join(", ")}`,
        (value as Record<string, unknown>)[extra],
        `remove it or mend its name; nearest is "${nearest(extra, Object.keys(fields))}"`,
      );
    for (const [key, check] of Object.entries(fields)) {
      if (!Object.hasOwn(value, key))
        refuse(`${path}.${key}`, "a value", undefined, "a spec implies nothing; write it out");
      check((value as Record<string, unknown>)[key], `${path}.${key}`);
    }
  };

/** Checks every value of an object, whatever its keys. */
const mapOf =
  (check: Check): Check =>
  (value, path) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      refuse(path, "an object", value, "of name to value");
    for (const [key, item] of Object.entries(value)) check(item, `${path}.${key}`);
  };

/** Picks a record by the value of one key. */
const variants =
  (tag: string, table: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check =>
  (value, path) => {
    const kind =
      typeof value === "object" && value !== null ? (value as Record<string, unknown>)[tag] : undefined;
    if (typeof kind !== "string" || !Object.hasOwn(table, kind))
      refuse(`${path}.${tag}`, `one of ${Object.keys(table).join(", ")}`, kind, "pick one");
    record({ [tag]: text, ...table[kind] })(value, path);
  };

const activationCheck = oneOf(...activationNames);
const outerActivation = oneOf(...activationNames, "softmax", "logSoftmax");
const cellCommon = {
  inputSize: count,
  units: count,
  bias: oneOf("none", "single", "split"),
  activation: activationCheck,
};
const cell = variants("kind", {
  simpleRnn: cellCommon,
  lstm: {
    ...cellCommon,
    recurrentActivation: activationCheck,
    outputActivation: activationCheck,
    projection: countOrNull,
    peepholes: oneOf(true, false),
  },
  gru: { ...cellCommon, recurrentActivation: activationCheck, resetAfter: oneOf(true, false) },
  custom: {
    name,
    inputSize: count,
    units: count,
    state: mapOf(count),
    weights: mapOf(listOf(count)),
    step: (value, path) => assertProgramForm(value, `spec ${path}`),
  },
});
const placed = { name, input: text };
const masking = {
  maskedOutput: oneOf("zero", "hold"),
  heldStart: oneOf("zeros", "initialState"),
  returns: oneOf("sequence", "last"),
  initialState: refs,
};

const layer = variants("type", {
  recurrent: {
    ...placed,
    ...masking,
    cell,
    direction: oneOf("forward", "backward"),
    outputOrder: oneOf("time", "processing"),
  },
  bidirectional: {
    ...placed,
    ...masking,
    forward: cell,
    backward: cell,
    merge: oneOf("concat", "sum", "ave", "mul", "none"),
  },
  embedding: { ...placed, inputSize: count, outputSize: count },
  dense: {
    ...placed,
    inputSize: count,
    units: count,
    activation: outerActivation,
    bias: oneOf("none", "single"),
  },
  activation: { ...placed, activation: outerActivation },
  dropout: { ...placed, rate },
  merge: { name, inputs: listOf(text, 2), mode: oneOf("concat", "sum", "ave", "mul") },
  repeat: { ...placed, steps: count, axis },
  attention: {
    name,
    query: text,
    key: text,
    value: text,
    inputSize: count,
    score: oneOf("dot", "scaledDot", "additive"),
    scale: oneOf("none", "scalar", "vector"),
    innerScale: oneOf("none", "scalar"),
  },
});

const specShape = record({
  format: oneOf("unroll.spec"),
  version: oneOf(1),
  name: text,
  inputs: listOf(
    record({ name, dtype: oneOf("float32", "int32"), axis: axisOrNull, shape: listOf(count) }),
    1,
  ),
  layers: listOf(layer, 1),
  outputs: listOf(text, 1),
});

/**
 * Checks a spec as it comes from JSON: every key present, none unknown, every choice in range, every
 * reference to something that exists before it, sizes that fit.
 *
 * @throws UNROLL_SPEC naming the path, what was expected, what came and the cure; for the step of a custom
 *   cell also UNROLL_FORMAT, UNROLL_PROGRAM, UNROLL_SHAPE and UNROLL_DTYPE
 */
export function validateSpec(value: unknown): asserts value is Spec {
  specShape(value, "");
  const spec = value as Spec;
  const names = new Set<string>();
  [...spec.inputs.map((i) => i.name), ...spec.layers.map((l) => l.name)].forEach((given) => {
    if (names.has(given)) refuse(`"${given}"`, "a name used once", given, "rename one of the two");
    names.add(given);
  });
  const axes = new Set(spec.inputs.map((i) => i.axis));
  spec.layers.forEach((one, k) => {
    if (one.type !== "repeat") return;
    if (axes.has(one.axis))
      refuse(
        `.layers[${k}].axis`,
        "a time axis that is not there yet",
        one.axis,
        "an axis has one length; name the input's axis otherwise, or this one",
      );
    axes.add(one.axis);
  });
  const values = new Map<string, ValueInfo>(
    spec.inputs.map((i) => [i.name, { dtype: i.dtype, axis: i.axis, shape: i.shape }]),
  );
  spec.layers.forEach((one, k) => {
    wire(one, `.layers[${k}]`, values);
    for (const [ref, info] of valuesOf(one, values)) values.set(ref, info);
  });
  spec.outputs.forEach((ref, k) => look(values, ref, `.outputs[${k}]`));
}

/** A value that layers may read. */
function read(values: ReadonlyMap<string, ValueInfo>, ref: string, path: string): ValueInfo {
  const info = look(values, ref, path);
  if (info.over !== undefined)
    refuse(
      path,
      "a value with one time axis at most",
      ref,
      "attention weights have two: they can be an output and nothing more",
    );
  return info;
}

function look(values: ReadonlyMap<string, ValueInfo>, ref: string, path: string): ValueInfo {
  return (
    values.get(ref) ??
    refuse(
      path,
      `a value made before it: ${[...values.keys()].join(", ")}`,
      ref,
      `the nearest is "${nearest(ref, [...values.keys()])}"`,
    )
  );
}

function custom(cell: CustomCellSpec, layer: MaskingSpec, path: string, at: string): void {
  assertCustomCell(cell, `spec ${path}${at}`);
  if (layer.maskedOutput === "hold" && layer.heldStart === "initialState" && outputPart(cell) === null)
    refuse(
      `${path}.heldStart`,
      `zeros, as the output of cell "${cell.name}" is no part of its state`,
      layer.heldStart,
      "there is no initial output to hold",
    );
}

function attend(
  { query, key, value, inputSize, score, scale, innerScale }: AttentionSpec,
  path: string,
  values: ReadonlyMap<string, ValueInfo>,
): void {
  const [q, k, v] = [
    read(values, query, `${path}.query`),
    read(values, key, `${path}.key`),
    read(values, value, `${path}.value`),
  ];
  const vectors = ({ dtype, shape }: ValueInfo): boolean => dtype === "float32" && shape.length === 1;
  if (!vectors(q) || q.shape[0] !== inputSize)
    refuse(
      `${path}.query`,
      `float32 vectors of ${inputSize}, the layer's inputSize`,
      query,
      "a dense layer makes them of another size",
    );
  if (!vectors(k) || k.axis === null || k.shape[0] !== inputSize)
    refuse(
      `${path}.key`,
      `a float32 sequence of vectors of ${inputSize}, the layer's inputSize`,
      key,
      "a dense layer makes them of another size",
    );
  if (!vectors(v) || v.axis !== k.axis)
    refuse(
      `${path}.value`,
      `a float32 sequence of vectors along "${k.axis}", the axis of key`,
      value,
      "there is one value for each key",
    );
  if (scale === "vector" && score !== "additive")
    refuse(
      `${path}.scale`,
      `none or scalar for ${score}`,
      scale,
      "a dense layer before it scales each feature",
    );
  if (innerScale !== "none" && score !== "additive")
    refuse(`${path}.innerScale`, `none for ${score}`, innerScale, "only additive has a tanh to scale within");
}

function wire(layer: LayerSpec, path: string, values: ReadonlyMap<string, ValueInfo>): void {
  const last = (info: ValueInfo): number | undefined => info.shape[info.shape.length - 1];
  const sized = (info: ValueInfo, size: number): void => {
    if (info.dtype !== "float32" || last(info) !== size)
      refuse(
        `${path}.inputSize`,
        `${String(last(info))}, the last axis of the layer's input`,
        size,
        "make the two agree",
      );
  };
  if (layer.type === "merge") {
    const infos = layer.inputs.map((ref, k) => read(values, ref, `${path}.inputs[${k}]`));
    const form = (info: ValueInfo): string =>
      `${info.axis === null ? "" : `${info.axis} `}[${(layer.mode === "concat" ? info.shape.slice(0, -1) : info.shape).join(", ")}]`;
    if (infos.some((info) => info.dtype !== "float32" || form(info) !== form(infos[0]!)))
      refuse(
        `${path}.inputs`,
        "float32 values of one form",
        infos.map(form),
        `${layer.mode} needs one time axis and equal shapes${layer.mode === "concat" ? " but for the last axis" : ""}`,
      );
    return;
  }
  if (layer.type === "attention") return attend(layer, path, values);
  const info = read(values, layer.input, `${path}.input`);
  switch (layer.type) {
    case "recurrent":
    case "bidirectional": {
      const cells: readonly [string, CellSpec][] =
        layer.type === "recurrent"
          ? [["", layer.cell]]
          : [
              ["forward.", layer.forward],
              ["backward.", layer.backward],
            ];
      if (info.axis === null || info.shape.length !== 1)
        refuse(
          `${path}.input`,
          "a sequence [batch, time, inputSize]",
          layer.input,
          "a recurrent layer reads a sequence of vectors",
        );
      cells.forEach(([way, one]) => {
        sized(info, one.inputSize);
        if (one.kind === "custom")
          custom(one, layer, path, layer.type === "recurrent" ? ".cell" : `.${way.slice(0, -1)}`);
      });
      if (
        layer.type === "bidirectional" &&
        layer.merge !== "concat" &&
        layer.merge !== "none" &&
        outputSize(layer.forward) !== outputSize(layer.backward)
      ) {
        refuse(
          `${path}.merge`,
          "concat or none, as the directions differ in size",
          layer.merge,
          "only those join different sizes",
        );
      }
      const parts = cells.flatMap(([prefix, one]) =>
        stateParts(one).map((part): [string, number] => [prefix + part, partSize(one, part)]),
      );
      if (layer.initialState !== null) {
        const given = Object.keys(layer.initialState);
        if (given.length !== parts.length || parts.some(([part]) => !given.includes(part)))
          refuse(
            `${path}.initialState`,
            `the parts ${parts.map(([part]) => part).join(", ")}`,
            given,
            "give every part, or null for the caller's state",
          );
        for (const [part, units] of parts) {
          const state = read(values, layer.initialState[part]!, `${path}.initialState.${part}`);
          if (state.axis !== null || state.shape.length !== 1 || state.shape[0] !== units)
            refuse(
              `${path}.initialState.${part}`,
              `a value [batch, ${units}]`,
              layer.initialState[part],
              "a state has one vector a row",
            );
        }
      }
      return;
    }
    case "repeat":
      if (info.dtype !== "float32" || info.axis !== null || info.shape.length !== 1)
        refuse(
          `${path}.input`,
          "a float32 value [batch, size] without time",
          layer.input,
          'a recurrent layer with returns: "last" gives one',
        );
      return;
    case "embedding":
      if (info.dtype !== "int32")
        refuse(`${path}.input`, "int32 ids", info.dtype, "declare the input's dtype int32");
      return;
    case "dense":
      sized(info, layer.inputSize);
      return;
    case "activation":
    case "dropout":
      if (info.dtype !== "float32") refuse(`${path}.input`, "a float32 value", info.dtype, "embed ids first");
      if (layer.type === "activation" && info.shape.length === 0)
        refuse(`${path}.input`, "a value with a feature axis", layer.input, "give the input a shape");
      return;
    default:
      layer satisfies never;
  }
}
