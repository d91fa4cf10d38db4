import { UnrollError, unrollError } from "../contract/error.js";
import type { KerasBinding } from "../dialects/keras/index.js";
import { built } from "../layers/built.js";
import { specIn } from "../specification/build.js";
import type { InputSpec, LayerSpec, Spec, ValueRef } from "../specification/types.js";
import { axesOf, type AxisOf, maskedBy } from "./axes.js";
import type { StatePart } from "./carried-state.js";
import {
  type KerasTensor,
  type Layer,
  type LayerCall,
  lookedAt,
  type NestedModel,
  Unequal,
} from "./layer.js";
import { layerOrder, type Operation } from "./layer-order.js";

/** An input that says which steps are real. */
export interface MaskingInput {
  /** The input's name. */
  readonly name: string;
  /** What every feature of a masked step is; null for ids, masked where 0, and for what is a mask itself. */
  readonly unequal: number | null;
}

/** Layers wired from inputs to outputs. */
export interface Network {
  /** The model as the core has it. */
  readonly spec: Spec;
  /** Where Keras keeps the weights of each layer. */
  readonly bindings: readonly KerasBinding[];
  /** Name of each input, those of dtype bool included. */
  readonly inputs: readonly { readonly name: string; readonly tensor: KerasTensor }[];
  /** References of the outputs, in order. */
  readonly outputs: readonly ValueRef[];
  /** Name of the time axis of each input that has one. */
  readonly axes: ReadonlyMap<string, string>;
  /** What masks the layers along each time axis; empty for nothing. */
  readonly masks: ReadonlyMap<string, readonly MaskingInput[]>;
  /** Layers whose state the caller may give, with their parts in Keras's order and whether they keep it. */
  readonly states: readonly {
    readonly name: string;
    readonly layer: Layer;
    readonly parts: readonly StatePart[];
  }[];
  /** Whether what training gathers comes after all other weights. */
  readonly statisticsLast: boolean;
  /** Every call in the order in which they were made, with its name in the spec. */
  readonly calls: ReadonlyMap<LayerCall, string>;
  /** The outputs, in order. */
  readonly ends: readonly KerasTensor[];
  /** Name of every layer, those inside of wrappers and of models within included. */
  readonly names: ReadonlyMap<Layer, string>;
  /** Inputs, layers and models within, in Keras's order, with their names. */
  readonly order: readonly { readonly part: Operation; readonly name: string }[];
}

function refuse(code: UnrollError["code"], expected: string, got: string, cure: string): never {
  throw unrollError({ code: code, place: "keras model", expected: expected, got: got, cure: cure });
}

/** Every call that the outputs need, in the order in which they were made. */
function callsOf(outputs: readonly KerasTensor[]): LayerCall[] {
  const found = new Set<LayerCall>();
  const visit = ({ source }: KerasTensor): void => {
    if (!source || found.has(source)) return;
    found.add(source);
    [...source.inputs, ...(source.initialState ?? [])].forEach(visit);
  };
  outputs.forEach(visit);
  return [...found].sort((a, b) => a.order - b.order);
}

const isLayer = (part: Operation): part is Layer => "kind" in part && "made" in part;
const isModel = (part: Operation): part is NestedModel => "kind" in part && !("made" in part);

/**
 * Names layers as Keras does: given names, or kinds numbered as the layers were made. One inside of a
 * wrapper is numbered too, but its name is its wrapper's matter; one of a model within keeps its name, with
 * the model's before it where another has the same.
 */
function layerNames(
  parts: readonly (Layer | NestedModel)[],
  taken: Set<string>,
): ReadonlyMap<Layer | NestedModel, string> {
  const names = new Map<Layer | NestedModel, string>();
  const outer = parts.filter(isLayer);
  const claim = (part: Layer | NestedModel, name: string): void => {
    if (parts.includes(part) && taken.has(name))
      refuse("UNROLL_ARGUMENT", "names used once", `"${name}" twice`, "rename one of the layers");
    taken.add(name);
    names.set(part, name);
  };
  const numbered = (part: Layer | NestedModel): void => {
    // A layer keeps the name that another model gave it.
    let name = (isLayer(part) && part.numbered) || part.kind;
    for (let k = 1; taken.has(name); k++) name = `${part.kind}_${k}`;
    claim(part, name);
  };
  const models = parts.filter(isModel);
  const all = outer.flatMap((layer) => (layer.wrapped ? [layer, layer.wrapped] : [layer]));
  const made = [...new Set(all)].sort(
    (a, b) => Number(a.numbered === null) - Number(b.numbered === null) || a.made - b.made,
  );
  for (const layer of outer) if (layer.ownName !== null) claim(layer, layer.ownName);
  for (const one of models) if (one.ownName !== null) claim(one, one.ownName);
  for (const one of models) {
    if (one.ownName === null) numbered(one);
    for (const [layer, own] of one.names) {
      if (names.has(layer)) continue;
      const name = taken.has(own) ? `${names.get(one)!}/${own}` : own;
      taken.add(name);
      names.set(layer, name);
    }
  }
  for (const layer of made) {
    if (layer.ownName === null && !names.has(layer)) numbered(layer);
    else if (!names.has(layer)) names.set(layer, layer.ownName!);
  }
  return names;
}

/**
 * What weights files call each layer: its class, numbered in Keras's order whatever its name is; in a model
 * within, below that one's.
 */
function storedNames(parts: readonly (Layer | NestedModel)[], under = ""): Map<Layer, string> {
  const counts = new Map<string, number>();
  const stored = new Map<Layer, string>();
  for (const part of parts) {
    const count = counts.get(part.kind) ?? 0;
    counts.set(part.kind, count + 1);
    const name = under + (count === 0 ? part.kind : `${part.kind}_${count}`);
    const own = isModel(part) ? storedNames(part.parts, `${name}/layers/`) : [[part, name] as const];
    for (const [layer, path] of own) if (!stored.has(layer)) stored.set(layer, path);
  }
  return stored;
}

/** Names of the inputs: given names, or `input` numbered from the second on. */
function inputNamesOf(inputs: readonly KerasTensor[], taken: Set<string>): Map<KerasTensor, string> {
  const names = new Map<KerasTensor, string>();
  for (const tensor of inputs) {
    let name = tensor.suffix || "input";
    if (tensor.suffix === "") for (let k = 1; taken.has(name); k++) name = `input_${k}`;
    if (taken.has(name))
      refuse("UNROLL_ARGUMENT", "input names used once", `"${name}" twice`, "rename one of them");
    taken.add(name);
    names.set(tensor, name);
  }
  return names;
}

/** A name for each call, that of its layer where that is applied once; and where its weights are. */
function callNamesOf(
  calls: readonly LayerCall[],
  names: ReadonlyMap<Layer | NestedModel, string>,
  stored: ReadonlyMap<Layer, string>,
): { callNames: Map<LayerCall, string>; bindings: KerasBinding[] } {
  const callNames = new Map<LayerCall, string>();
  const applied = new Map<Layer, number>();
  const own = new Map<Layer, KerasBinding[]>();
  for (const call of calls) {
    const name = names.get(call.layer)!;
    const count = (applied.get(call.layer) ?? 0) + 1;
    applied.set(call.layer, count);
    if (count > 1 && call.layer.stateful)
      refuse(
        "UNROLL_UNSUPPORTED",
        "a stateful layer applied once",
        `"${name}" applied again`,
        "its second time would go on from the state of the first; give that one as initialState",
      );
    const layer = count === 1 ? name : `${name}_call${count}`;
    callNames.set(call, layer);
    const { wrapped } = call.layer;
    const inner = wrapped && names.get(wrapped)!;
    const bindings = call.layer.bindings.map(({ within, cell, weights }) => ({
      layer: layer + within,
      name,
      inner,
      cell,
      ...(weights && { weights }),
      stored: stored.get(call.layer)!,
    }));
    own.set(call.layer, [...(own.get(call.layer) ?? []), ...bindings]);
  }
  return { callNames, bindings: [...stored.keys()].flatMap((layer) => own.get(layer)!) };
}

/** What masks the layers along each time axis. @throws UNROLL_UNSUPPORTED where two are masked apart */
function masksOf(
  calls: readonly LayerCall[],
  axisOf: AxisOf,
  callNames: ReadonlyMap<LayerCall, string>,
  refOf: (tensor: KerasTensor) => ValueRef,
): Map<string, readonly MaskingInput[]> {
  const masks = new Map<string, readonly MaskingInput[]>();
  const text = (of: readonly MaskingInput[]): string[] =>
    of.map(({ name, unequal }) => (unequal === null ? name : `${name} where not ${unequal}`));
  for (const { axis, sources } of calls.flatMap((call) => maskedBy(call, axisOf))) {
    const own = sources.map((source): MaskingInput => {
      const mask = lookedAt(source);
      if (mask.source)
        refuse(
          "UNROLL_UNSUPPORTED",
          "a mask from an input of the model",
          `one from ${callNames.get(mask.source)}`,
          "embed ids that are an input, mask an input, or pass the mask in",
        );
      return { name: refOf(mask), unequal: source instanceof Unequal ? source.value : null };
    });
    const known = masks.get(axis);
    if (known && text(known).sort().join() !== text(own).sort().join())
      refuse(
        "UNROLL_UNSUPPORTED",
        "one mask for all layers that run along one time",
        `[${text(known).join(", ")}] and [${text(own).join(", ")}]`,
        "split it into two models",
      );
    masks.set(axis, own);
  }
  return masks;
}

/** The inputs of the spec: all but masks. */
const inputSpecs = (inputNames: ReadonlyMap<KerasTensor, string>, axisOf: AxisOf): InputSpec[] =>
  [...inputNames].flatMap(([tensor, name]) => {
    const { dtype, axis, shape } = tensor.form;
    return dtype === "bool" ? [] : [{ name, dtype, axis: axis === null ? null : axisOf(tensor), shape }];
  });

/** Wires a model. @throws UNROLL_ARGUMENT, UNROLL_UNSUPPORTED, UNROLL_SPEC */
export function network(
  name: string,
  inputs: readonly KerasTensor[],
  outputs: readonly KerasTensor[],
): Network {
  const taken = new Set<string>();
  const inputNames = inputNamesOf(inputs, taken);
  const calls = callsOf(outputs);
  const operations = layerOrder(inputs, outputs);
  const parts = operations.filter((one) => isLayer(one) || isModel(one));
  const names = layerNames(parts, taken);
  const { callNames, bindings } = callNamesOf(calls, names, storedNames(parts));
  const refOf = (tensor: KerasTensor): ValueRef =>
    (tensor.source ? callNames.get(tensor.source)! + tensor.suffix : inputNames.get(tensor)) ??
    refuse("UNROLL_ARGUMENT", "inputs that the model lists", tensor.suffix || "one more", "add it to inputs");
  const axisOf = axesOf(
    calls,
    inputs,
    outputs,
    (origin) => ("layer" in origin ? callNames.get(origin) : inputNames.get(origin)) ?? "unlisted",
  );
  const masks = masksOf(calls, axisOf, callNames, refOf);
  const ignoresMask = ({ layer, inputs: [x], masks: [own] }: LayerCall): boolean =>
    layer.foldsTime && (own?.sources.length ?? 0) === 0 && (masks.get(axisOf(x!)) ?? []).length > 0;
  const layers: LayerSpec[] = calls.flatMap((call) =>
    call.layer.toSpecs(
      callNames.get(call)!,
      call.inputs.map(refOf),
      call.inputs.map((one) => one.form),
      call.initialState?.map(refOf) ?? null,
      axisOf(call),
      ignoresMask(call),
    ),
  );
  const refs = outputs.map(refOf);
  for (const [layer, own] of names) if (isLayer(layer) && !own.includes("/")) layer.numbered ??= own;
  return {
    spec: specIn(built, {
      name,
      inputs: inputSpecs(inputNames, axisOf),
      layers,
      outputs: [...new Set(refs)],
    }),
    bindings,
    outputs: refs,
    masks,
    axes: new Map(
      [...inputNames].flatMap(([tensor, own]) => (tensor.form.axis === null ? [] : [[own, axisOf(tensor)]])),
    ),
    inputs: [...inputNames].map(([tensor, own]) => ({ name: own, tensor })),
    states: calls
      .filter(({ layer, initialState }) => layer.stateParts().length > 0 && initialState === null)
      .map((call) => ({ name: callNames.get(call)!, layer: call.layer, parts: call.layer.stateParts() })),
    statisticsLast: calls.some(({ layer }) => (layer.wrapped ?? layer).statisticsLast),
    calls: callNames,
    ends: outputs,
    names: new Map([...names].flatMap(([part, own]) => (isLayer(part) ? [[part, own]] : []))),
    order: operations.map((part) => ({
      part,
      name: isLayer(part) || isModel(part) ? names.get(part)! : inputNames.get(part)!,
    })),
  };
}
