/**
 * Names of weights as TensorFlow.js has them, `lstm/kernel`, of those that Keras 3 has,
 * `lstm/lstm_cell/kernel`: the cell of a layer is left out of them, as is the layer within `timeDistributed`,
 * and cells that are stacked are numbered, `rnn/RNNCell_0/kernel`.
 */
export function tfjsNames(names: readonly string[]): string[] {
  const stacks = new Map<string, string[]>();
  return names.map((name) => {
    const parts = name.split("/");
    if (parts.length <= 2) return name;
    const [kind, cell] = [parts.at(-1)!, parts.at(-2)!];
    if (!/^stacked_rnn_cells(_\d+)?$/.test(parts.at(-3)!)) return [...parts.slice(0, -2), kind].join("/");
    const layer = parts.slice(0, -3).join("/");
    const cells = stacks.get(layer) ?? [];
    stacks.set(layer, cells);
    if (!cells.includes(cell)) cells.push(cell);
    return `${layer}/RNNCell_${cells.indexOf(cell)}/${kind}`;
  });
}
