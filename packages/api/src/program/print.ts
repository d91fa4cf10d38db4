import type { AttrValue, Named, Node, Program, Region, Typed } from "../contract/program.js";

/**
 * The text form of a program, for errors, snapshots and people. One line a node; bodies are indented below
 * it.
 *
 * @param options.composites whether to print the bodies of composites too; default false
 */
export function print(program: Program, options: { readonly composites?: boolean } = {}): string {
  const bodies = options.composites ?? false;
  return [
    `program "${program.name}"`,
    ...program.params.map((p) => `  param ${named(p)}`),
    ...program.inputs.map((p) => `  input ${named(p)}`),
    ...program.nodes.flatMap((node) => lines(node, "  ", bodies)),
    ...program.outputs.map((p) => `  output ${named(p)}`),
  ].join("\n");
}

const typed = ({ id, type }: Typed): string => `${id}: ${type.dtype}[${type.shape.join(", ")}]`;
const named = (value: Named): string => `${JSON.stringify(value.name)} ${typed(value)}`;
const literal = (value: AttrValue): string =>
  Array.isArray(value) && value.length > 8
    ? `[${value.slice(0, 8).join(", ")}, ... ${value.length}]`
    : JSON.stringify(value);

function lines(node: Node, indent: string, bodies: boolean): string[] {
  const left = node.outputs.map(typed).join(", ");
  const attrs = (list: readonly (readonly [string, AttrValue])[]): string =>
    list.length === 0 ? "" : ` {${list.map(([name, value]) => `${name}: ${literal(value)}`).join(", ")}}`;
  switch (node.kind) {
    case "primitive":
      return [`${indent}${left} = ${node.op}(${node.inputs.join(", ")})${attrs(Object.entries(node.attrs))}`];
    case "scan": {
      const { carries, sequences } = node;
      const args = [
        node.inputs.slice(0, carries),
        node.inputs.slice(carries, carries + sequences),
        node.inputs.slice(carries + sequences),
      ]
        .map((list) => list.join(", "))
        .join("; ");
      return [
        `${indent}${left} = scan(${args})${attrs([["reverse", node.reverse]])}`,
        ...body(node.body, indent, bodies),
      ];
    }
    case "composite": {
      const args = node.inputs.map((id, k) => `${node.inputNames[k]}=${id}`).join(", ");
      return [
        `${indent}${left} = @${node.op}(${args})${attrs(Object.entries(node.attrs))}`,
        ...(bodies ? body(node.body, indent, bodies) : []),
      ];
    }
    default:
      return node satisfies never;
  }
}

function body(region: Region, indent: string, bodies: boolean): string[] {
  return [
    `${indent}  (${region.inputs.map(typed).join(", ")}) ->`,
    ...region.nodes.flatMap((node) => lines(node, `${indent}    `, bodies)),
    `${indent}    yield ${region.outputs.join(", ")}`,
  ];
}
