import { input, type LayerSpec, spec, type Spec } from "@unroll/api";
import { type Case, describeCase } from "../cases/case.js";
import { cases } from "../cases/cases.js";
import { outputSize } from "../oracle/cell-equations.js";
import { derived } from "./derived.js";
import { holdTogether, informative, type Results, whole, withModel } from "./judge.js";
import { type Property, skip } from "./property.js";

/** Layers that a model of two parts is cut between: the first recurrent one, and what follows it. */
function parts(
  of: Spec,
): { first: readonly LayerSpec[]; second: readonly LayerSpec[]; between: string; width: number } | null {
  const at = of.layers.findIndex((layer) => layer.type === "recurrent" && layer.returns === "sequence");
  const cut = of.layers[at];
  if (cut?.type !== "recurrent") return null;
  const [first, second] = [of.layers.slice(0, at + 1), of.layers.slice(at + 1)];
  // The second part may read nothing of the first but its output.
  const reads = second.flatMap((layer) => [
    ...("inputs" in layer
      ? layer.inputs
      : "query" in layer
        ? [layer.query, layer.key, layer.value]
        : [layer.input]),
    ...("path" in layer && layer.path !== null ? [layer.path] : []),
    ...("initialState" in layer && layer.initialState ? Object.values(layer.initialState) : []),
  ]);
  const own = new Set(second.map(({ name }) => name));
  if (
    !reads.every((ref) => ref === cut.name || own.has(ref)) ||
    of.outputs.some((ref) => !own.has(ref.split(".")[0]!))
  )
    return null;
  return { first, second, between: cut.name, width: outputSize(cut.cell) };
}

export const stackedIsComposed: Property<Case> = {
  id: "stacked-is-composed",
  title: "a stack of layers gives what its parts give one after the other",
  rules: ["stacked", "R15"],
  arbitrary: () => cases({ depth: 2, axes: false }).filter(({ spec: of }) => parts(of) !== null),
  describe: describeCase,
  async check(given, { adapter }) {
    const truth = derived(given, adapter.capabilities.precision);
    if (!informative(truth, adapter.capabilities.precision)) return skip("bound too wide");
    const { first, second, between, width } = parts(given.spec)!;
    const pick = <T>(all: Readonly<Record<string, T>>, layers: readonly LayerSpec[]): Record<string, T> =>
      Object.fromEntries(
        Object.entries(all).filter(([name]) =>
          layers.some((layer) => name === layer.name || name.startsWith(`${layer.name}.`)),
        ),
      );
    const one: Case = {
      ...given,
      spec: spec({ name: "first", inputs: given.spec.inputs, layers: first, outputs: [between] }),
      weights: pick(given.weights, first),
      state: given.state && pick(given.state, first),
    };
    const { [between]: middle, ...stateOne } = await withModel(one, adapter, (model) => whole(model, one));
    const renamed = second.map(
      (layer) =>
        JSON.parse(JSON.stringify(layer), (_, value: unknown) =>
          value === between ? "middle" : value,
        ) as LayerSpec,
    );
    const two: Case = {
      ...given,
      x: middle!,
      spec: spec({
        name: "second",
        inputs: [input({ name: "middle", shape: [width] })],
        layers: renamed,
        outputs: given.spec.outputs,
      }),
      weights: pick(given.weights, second),
      state: given.state && pick(given.state, second),
    };
    const end = await withModel(two, adapter, (model) => whole(model, two));
    const composed: Results = { ...end, ...stateOne };
    return {
      errorOverBound: holdTogether(
        "the stack against its parts",
        await withModel(given, adapter, (model) => whole(model, given)),
        composed,
        truth,
      ),
    };
  },
};
