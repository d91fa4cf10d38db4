import type { Node } from "@unroll/api/adapter";
import { compositesOf, faultOfComposites } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";
import { rolesOf } from "./planting/weights.js";

/** A constant that says how many features there are, one less. */
function oneLess(node: Node, features: number): Node {
  if (node.kind !== "primitive" || node.op !== "constant") return node;
  const [value] = node.attrs["value"] as readonly number[];
  return value === features && features > 1
    ? { ...node, attrs: { ...node.attrs, value: [features - 1] } }
    : node;
}

/** Layers that are not recurrent, and how layers are joined. */
export const layers: readonly Fault[] = [
  fault("embedding-one-row-off", "ids look up the row after theirs", "a vocabulary that starts at 1", {
    weights: (weights) =>
      Object.fromEntries(
        Object.entries(weights).map(([name, weight]) => {
          if (!name.endsWith(".table")) return [name, weight];
          return [
            name,
            {
              ...weight,
              data: Float32Array.from(
                weight.data,
                (_, k) => weight.data[(k + weight.shape[1]!) % weight.data.length]!,
              ),
            },
          ];
        }),
      ),
  }),
  fault(
    "dense-bias-dropped",
    "a dense layer leaves its bias out",
    "an importer that asks for use_bias under another name",
    {
      weights: (weights, program) => {
        const roles = rolesOf(program);
        return Object.fromEntries(
          Object.entries(weights).map(([name, weight]) => [
            name,
            name.endsWith(".bias") && !roles.has(name)
              ? { ...weight, data: new Float32Array(weight.data.length) }
              : weight,
          ]),
        );
      },
    },
  ),
  faultOfComposites(
    "layer-norm-divides-by-one-less",
    "layer normalisation divides by one less than there are features",
    "torch.var's default, copied into a layer norm written by hand",
    (node) => {
      const features = node.body.inputs[0]!.type.shape.at(-1) as number;
      return { ...node, body: { ...node.body, nodes: node.body.nodes.map((one) => oneLess(one, features)) } };
    },
    compositesOf("layerNorm"),
  ),
  fault(
    "layers-share-weights",
    "a second layer of the same shape runs with the weights of the first",
    "a cache keyed by shape",
    {
      weights: (weights) => {
        const first = new Map<string, (typeof weights)[string]>();
        return Object.fromEntries(
          Object.entries(weights).map(([name, weight]) => {
            const key = `${name.split(".").pop()} ${weight.shape.join()}`;
            if (!first.has(key)) first.set(key, weight);
            return [name, first.get(key)!];
          }),
        );
      },
    },
  ),
  fault(
    "outputs-concatenated-the-other-way",
    "the backward half comes first",
    "merge order of a bidirectional layer",
    {
      program: (program) => ({
        ...program,
        nodes: program.nodes.map((node) => {
          if (node.kind !== "primitive" || node.op !== "concat" || node.inputs.length !== 2) return node;
          return { ...node, inputs: [...node.inputs].reverse() };
        }),
      }),
    },
  ),
  fault(
    "average-is-a-sum",
    "merge mode ave adds without dividing",
    "tfjs and Keras differ in where they divide",
    {
      program: (program) => {
        const halves = new Set(
          program.nodes.flatMap((node) =>
            node.kind === "primitive" &&
            node.op === "constant" &&
            (node.attrs["value"] as readonly number[]).join() === "2"
              ? [node.outputs[0]!.id]
              : [],
          ),
        );
        // The larger of a value and itself is the value.
        return {
          ...program,
          nodes: program.nodes.map((node) =>
            node.kind === "primitive" && node.op === "div" && halves.has(node.inputs[1]!)
              ? { ...node, op: "max", inputs: [node.inputs[0]!, node.inputs[0]!] }
              : node,
          ),
        };
      },
    },
  ),
];
