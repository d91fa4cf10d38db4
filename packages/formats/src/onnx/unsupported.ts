import type { GraphProto, ModelProto, NodeProto, OnnxAttribute } from "./graph-proto.js";
import { operatorNamed } from "./operators.js";
import { dtypes } from "./tensors.js";

/** Operator sets that are read: before 7 operators broadcast by attributes. */
const [OLDEST, NEWEST] = [7, 25];

const shown = ({ kind, value }: OnnxAttribute): string =>
  kind === "int" || kind === "float" || kind === "string" ? String(value) : kind;

function ofNode(node: NodeProto): string[] {
  const { name, op, domain, attributes, outputs } = node;
  const at = `node "${name}": `;
  const operator = domain === "" ? operatorNamed(op) : undefined;
  if (!operator) return [`${at}operator ${domain === "" ? "" : `${domain}.`}${op}`];
  const { attributes: known = [], only = {}, outputs: most = 1 } = operator;
  const odd = [...attributes].flatMap(([attribute, value]) => {
    if (known.includes(attribute)) return [];
    if (!Object.hasOwn(only, attribute)) return [`${at}attribute ${attribute} of ${op}`];
    return value.value === only[attribute] ? [] : [`${at}${attribute} ${shown(value)} of ${op}`];
  });
  const beyond = outputs.flatMap((output, k) =>
    k >= most && output !== "" ? [`${at}output ${k} of ${op}`] : [],
  );
  return [...odd, ...beyond];
}

function ofGraph({ nodes, inputs, outputs, initializers }: GraphProto, outermost: boolean): string[] {
  const values = outermost ? [...inputs.filter(({ name }) => !initializers.has(name)), ...outputs] : [];
  const types = values.flatMap(({ name, type }) =>
    dtypes.has(type) || type === 0 ? [] : [`value "${name}": element type ${type} of onnx.proto`],
  );
  const own = nodes.flatMap((node) => [
    ...ofNode(node),
    ...[...node.attributes.values()].flatMap((one) =>
      one.kind === "graph" ? ofGraph(one.value, false) : [],
    ),
  ]);
  return [...types, ...own];
}

/** Everything in a file that is not supported, as a list of texts. */
export function unsupportedIn({ graph, opset, functions }: ModelProto): string[] {
  return [
    ...(opset < OLDEST || opset > NEWEST ? [`operator set ${opset} (${OLDEST} to ${NEWEST} are)`] : []),
    ...functions.map((name) => `function "${name}" of the file`),
    ...ofGraph(graph, true),
  ];
}
