import { isUnrollError, unrollError } from "../contract/error.js";
import type { Attrs, AttrValue, CompositeNode, Region, ValueType } from "../contract/program.js";
import { shown } from "../contract/shown.js";
import type {
  CompositeAttr,
  CompositeDefinition,
  CompositeDefinitions,
  CompositeInput,
} from "./composite-definition.js";
import { ProgramBuilder } from "./program-builder.js";
import { ValueNumbers } from "./value-numbers.js";

/** Checks a composite that holds together otherwise. @throws UNROLL_PROGRAM */
export type CompositeCheck = (place: string, node: CompositeNode) => void;

type Parts = Pick<CompositeNode, "op" | "inputNames" | "attrs" | "body" | "outputNames">;

/**
 * Checks that composites compute what their names and attributes say, by the definitions that make them.
 *
 * What is not among them is not checked: an unknown composite, or one with an input or an attribute of an
 * unknown name. Claims are closed, so no engine runs such a one but by its body.
 */
export const compositeCheck =
  (definitions: CompositeDefinitions): CompositeCheck =>
  (place, node) => {
    const definition = Object.hasOwn(definitions, node.op) ? definitions[node.op] : undefined;
    if (definition === undefined) return;
    const known = (names: readonly string[], all: object): boolean =>
      names.every((name) => Object.hasOwn(all, name));
    if (!known(node.inputNames, definition.inputs) || !known(Object.keys(node.attrs), definition.attrs))
      return;
    const refuse: Refuse = (expected, got, cure, more) => {
      throw unrollError({
        code: "UNROLL_PROGRAM",
        place,
        expected,
        got,
        cure,
        details: { composite: node.op, expected, got, ...more?.details },
        ...(more?.cause !== undefined && { cause: more.cause }),
      });
    };
    checkAttrs(node, definition, refuse);
    checkInputs(node, definition, refuse);
    checkBody(node, definition, refuse);
  };

type Refuse = (
  expected: string,
  got: string,
  cure: string,
  more?: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown },
) => never;

const allows = (attr: CompositeAttr, value: AttrValue): boolean =>
  attr.kind === "oneOf"
    ? attr.of.includes(value)
    : typeof value === "number" &&
      value > 0 &&
      value < Infinity &&
      (attr.kind === "positive" || Number.isInteger(value));

const showAttr = (attr: CompositeAttr): string =>
  attr.kind === "oneOf"
    ? `one of ${attr.of.join(", ")}`
    : `a finite ${attr.kind === "count" ? "integer" : "number"} above 0`;

function checkAttrs({ attrs }: Parts, definition: CompositeDefinition, refuse: Refuse): void {
  for (const [name, attr] of Object.entries(definition.attrs)) {
    const given = Object.hasOwn(attrs, name);
    if (given ? allows(attr, attrs[name]!) : attr.nullable) continue;
    refuse(
      `attribute "${name}" to be ${showAttr(attr)}`,
      given ? shown(attrs[name]) : "none",
      "mend it, or give the composite another name",
      { details: { attribute: name } },
    );
  }
}

const showType = ({ dtype, shape }: ValueType): string => `${dtype} [${shape.join(", ")}]`;

/** `4 units` as how many of what. */
const timesOf = (axis: string): readonly [times: number, name: string] => {
  const [first, second] = axis.split(" ");
  return second === undefined ? [1, axis] : [Number(first), second];
};

/** Whether a shape has some axes; lengths of names that it is the first to have are noted. */
function fits(
  shape: ValueType["shape"],
  axes: readonly string[],
  sizes: Map<string, number | string>,
): boolean {
  const open = axes[0] === "...";
  const named = open ? axes.slice(1) : axes;
  if (open ? shape.length < named.length : shape.length !== named.length) return false;
  return named.every((axis, k) => {
    const dim = shape[shape.length - named.length + k]!;
    const [times, name] = timesOf(axis);
    if (typeof dim !== "number" && !["time", "batch", "source"].includes(name)) return false;
    const size = sizes.get(name);
    if (size === undefined && times === 1) sizes.set(name, dim);
    else if (times === 1 ? size !== dim : times * (size as number) !== dim) return false;
    return true;
  });
}

function checkInputs(node: Parts, { inputs, refuse: reason }: CompositeDefinition, refuse: Refuse): void {
  const sizes = new Map<string, number | string>();
  for (const [name, input] of Object.entries(inputs)) {
    const k = node.inputNames.indexOf(name);
    const type = node.body.inputs[k]?.type;
    if (
      type
        ? type.dtype === input.dtype && input.axes.some((axes) => fits(type.shape, axes, sizes))
        : input.optional
    )
      continue;
    refuse(
      `input "${name}" ${showInput(input, sizes)}`,
      type ? showType(type) : "none",
      "mend it, or give the composite another name",
      { details: { input: name } },
    );
  }
  const why = reason?.(new Set(node.inputNames), node.attrs, sizes) ?? null;
  if (why !== null)
    refuse(why, `inputs ${node.inputNames.join(", ")}`, "mend them, or give the composite another name");
}

function showInput({ dtype, axes }: CompositeInput, sizes: ReadonlyMap<string, number | string>): string {
  const showAxis = (axis: string): string => {
    const [times, name] = timesOf(axis);
    const size = sizes.get(name);
    return size === undefined ? axis : `${axis} = ${typeof size === "number" ? times * size : size}`;
  };
  return `${dtype} ${axes.map((one) => `[${one.map(showAxis).join(", ")}]`).join(" or ")}`;
}

/** The composite as its definition makes it. @throws what the inference of its operations throws */
function defined({ inputNames, attrs, body }: Parts, { build }: CompositeDefinition): Parts {
  const { block } = new ProgramBuilder("definition");
  build(
    block,
    Object.fromEntries(inputNames.map((name, k) => [name, block.input(body.inputs[k]!.type)])),
    attrs,
  );
  return block.region([]).nodes.at(-1) as unknown as Parts;
}

/** Whether a composite computes what its definition does. @throws as {@link defined} */
function agrees(node: Parts, definition: CompositeDefinition): boolean {
  const wanted = defined(node, definition);
  const numbers = new ValueNumbers();
  const results = ({ inputNames, body }: { inputNames: readonly string[]; body: Region }): string =>
    numbers
      .ofResults(
        body,
        inputNames.map((name) => numbers.of(`input ${name}`)),
      )
      .join();
  return results(node) === results(wanted) && node.outputNames.join() === wanted.outputNames.join();
}

function checkBody(node: Parts, definition: CompositeDefinition, refuse: Refuse): void {
  let wanted: Parts;
  try {
    if (agrees(node, definition)) return;
    wanted = defined(node, definition);
  } catch (cause) {
    if (!isUnrollError(cause)) throw cause;
    refuse("inputs that fit its definition", cause.message, "mend them, or give the composite another name", {
      cause,
    });
  }
  if (node.outputNames.join() !== wanted.outputNames.join())
    refuse(
      `outputs ${wanted.outputNames.join(", ")}`,
      shown(node.outputNames.join(", ")),
      "name them so, in this order, or give the composite another name",
    );
  const [name, value] = otherAttr(node, definition) ?? [];
  if (name !== undefined)
    refuse(
      `attribute "${name}" to be ${value === undefined ? "left out" : shown(value)}, as its body computes`,
      Object.hasOwn(node.attrs, name) ? shown(node.attrs[name]) : "none",
      "mend the attribute, or regenerate the body",
      { details: { attribute: name } },
    );
  const swapped = otherNames(node, definition);
  if (swapped)
    refuse(
      `inputs "${swapped[0]}" and "${swapped[1]}" the other way round, as its body reads them`,
      node.inputNames.join(", "),
      "exchange the two, or regenerate the body",
      { details: { inputs: swapped } },
    );
  refuse(
    "a body that computes what its attributes say",
    "one that computes something else",
    "regenerate it, or give the composite another name",
  );
}

/** As {@link agrees}, of what need not be a node at all. */
function wouldAgree(node: Parts, definition: CompositeDefinition): boolean {
  try {
    return agrees(node, definition);
  } catch (error) {
    if (isUnrollError(error)) return false;
    throw error;
  }
}

/** The first few numbers by themselves that a body has, or of its attributes, where counts are. */
function numbersIn({ nodes }: Region, counts: boolean): readonly number[] {
  const found = nodes.flatMap((node): readonly number[] => {
    if (node.kind !== "primitive") return numbersIn(node.body, counts);
    if (counts) return Object.values(node.attrs).filter((value) => typeof value === "number");
    const value = node.op === "constant" ? node.attrs["value"] : undefined;
    const [only, ...more] = Array.isArray(value) ? (value as readonly number[]) : [];
    return typeof only === "number" && more.length === 0 ? [only] : [];
  });
  return [...new Set(found)].slice(0, 16);
}

/** The attribute, with its value or without, that alone would have to change. */
function otherAttr(
  node: Parts,
  definition: CompositeDefinition,
): readonly [name: string, value: AttrValue | undefined] | undefined {
  for (const [name, attr] of Object.entries(definition.attrs)) {
    const values =
      attr.kind === "oneOf"
        ? attr.of
        : numbersIn(node.body, attr.kind === "count").filter((one) => allows(attr, one));
    const { [name]: _, ...others } = node.attrs;
    for (const value of attr.nullable ? [undefined, ...values] : values) {
      const attrs: Attrs = value === undefined ? others : { ...others, [name]: value };
      if (wouldAgree({ ...node, attrs }, definition)) return [name, value];
    }
  }
  return undefined;
}

/** The two inputs, of one type, whose names would have to change places. */
function otherNames(node: Parts, definition: CompositeDefinition): readonly [string, string] | undefined {
  const { inputNames, body } = node;
  for (const [k, first] of inputNames.entries())
    for (const [j, second] of inputNames.entries()) {
      if (j <= k || showType(body.inputs[k]!.type) !== showType(body.inputs[j]!.type)) continue;
      const names = inputNames.map((name, at) => (at === k ? second : at === j ? first : name));
      if (wouldAgree({ ...node, inputNames: names }, definition)) return [first, second];
    }
  return undefined;
}
