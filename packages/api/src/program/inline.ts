import type { Block, Value } from "./builder.js";
import type { Program, Region, ValueId } from "../contract/program.js";

/**
 * Writes a program's nodes into a block, as if they had been built there.
 *
 * @param given a value for each of the program's inputs and params, by name
 * @returns its outputs by name
 */
export function inline(
  block: Block,
  program: Program,
  given: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const values = new Map([...program.params, ...program.inputs].map(({ name, id }) => [id, given[name]!]));
  append(block, program.nodes, values);
  return Object.fromEntries(program.outputs.map(({ name, id }) => [name, values.get(id)!]));
}

/** A region's results in a block that has its inputs. */
function yielded(block: Block, region: Region, inputs: readonly Value[]): Value[] {
  const values = new Map(region.inputs.map(({ id }, k) => [id, inputs[k]!]));
  append(block, region.nodes, values);
  return region.outputs.map((id) => values.get(id)!);
}

/**
 * Writes nodes into a block.
 *
 * @param values a value for each id that the nodes use; those of what they make are added
 */
export function append(block: Block, nodes: Program["nodes"], values: Map<ValueId, Value>): void {
  for (const node of nodes) {
    const operands = node.inputs.map((id) => values.get(id)!);
    let made: readonly Value[];
    switch (node.kind) {
      case "primitive":
        made = [block.primitive(node.op as Parameters<Block["primitive"]>[0], operands, node.attrs)];
        break;
      case "scan": {
        const { carries: count, sequences: wide, reverse, body } = node;
        const { carries, stacked } = block.scan(
          {
            carries: operands.slice(0, count),
            sequences: operands.slice(count, count + wide),
            captures: operands.slice(count + wide),
            reverse,
          },
          (inner, held, elements, captures) => {
            const results = yielded(inner, body, [...held, ...elements, ...captures]);
            return { carries: results.slice(0, count), stacked: results.slice(count) };
          },
        );
        made = [...carries, ...stacked];
        break;
      }
      case "composite": {
        const named = Object.fromEntries(node.inputNames.map((name, k) => [name, operands[k]!]));
        const results = block.composite(node.op, named, node.attrs, (inner, inputs) => {
          const values = yielded(
            inner,
            node.body,
            node.inputNames.map((name) => inputs[name]!),
          );
          return Object.fromEntries(node.outputNames.map((name, k) => [name, values[k]!]));
        });
        made = node.outputNames.map((name) => results[name]!);
        break;
      }
      default:
        throw node satisfies never;
    }
    node.outputs.forEach(({ id }, k) => values.set(id, made[k]!));
  }
}
