import type { Attrs, AttrValue, Node, Region, ValueId } from "../contract/program.js";

/** An attribute's value as text, which NaN and -0 have too. */
const textOf = (value: AttrValue): string =>
  Array.isArray(value)
    ? `[${(value as readonly AttrValue[]).map(textOf).join()}]`
    : typeof value === "number"
      ? Object.is(value, -0)
        ? "-0"
        : String(value)
      : JSON.stringify(value);

const textOfAll = (attrs: Attrs): string =>
  Object.keys(attrs)
    .sort()
    .map((name) => `${name}=${textOf(attrs[name]!)}`)
    .join(" ");

/**
 * Numbers for values, equal where the same operations make them of the same values, whatever they are called
 * and in whatever order their nodes stand. Composites count as their bodies. Of verified programs.
 */
export class ValueNumbers {
  private readonly numbers = new Map<string, number>();

  /** The number of what a text describes. */
  of(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.numbers.size);
    return this.numbers.size - 1;
  }

  /** The numbers of a region's results, given those of its inputs. */
  ofResults({ inputs, nodes, outputs }: Region, given: readonly number[]): readonly number[] {
    const values = new Map<ValueId, number>(inputs.map(({ id }, k) => [id, given[k]!]));
    for (const node of nodes) {
      const numbers = this.ofNode(
        node,
        node.inputs.map((id) => values.get(id)!),
      );
      node.outputs.forEach(({ id }, k) => values.set(id, numbers[k]!));
    }
    return outputs.map((id) => values.get(id)!);
  }

  private ofNode(node: Node, operands: readonly number[]): readonly number[] {
    switch (node.kind) {
      case "primitive":
        return [this.of(`${node.op}(${operands.join()}) ${textOfAll(node.attrs)}`)];
      case "composite":
        return this.ofResults(node.body, operands);
      case "scan": {
        // A body sees its own inputs alone, so their places name them, however deep it stands.
        const { carries, sequences, reverse, body } = node;
        const results = this.ofResults(
          body,
          body.inputs.map((_, k) => this.of(`body input ${k}`)),
        );
        const scan = `scan ${carries} ${sequences} ${reverse} (${operands.join()}) (${results.join()})`;
        return results.map((_, k) => this.of(`${scan} ${k}`));
      }
      default:
        return node satisfies never;
    }
  }
}
