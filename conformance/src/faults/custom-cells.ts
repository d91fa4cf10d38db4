import { changeScans, fault } from "./break.js";

export const capturesExchanged = fault(
  "captures-exchanged",
  "two weights of one shape reach a loop's body in each other's place",
  "captured values bound by shape, or in the order of a set",
  changeScans((scan) => {
    const first = scan.carries + scan.sequences;
    const shapes = scan.body.inputs.map(({ type }) => JSON.stringify(type));
    const inputs = [...scan.inputs];
    const pair = shapes.flatMap((shape, a) =>
      a < first
        ? []
        : shapes.flatMap((other, b) =>
            b > a && shape === other && inputs[a] !== inputs[b] ? [[a, b] as const] : [],
          ),
    )[0];
    if (pair) [inputs[pair[0]], inputs[pair[1]]] = [inputs[pair[1]]!, inputs[pair[0]]!];
    return { ...scan, inputs };
  }),
);

export const cellReadsExchanged = fault(
  "cell-reads-exchanged",
  "a loop's body sees its sequences in each other's place, where their elements have one shape",
  "elements bound by shape: the target sequence where the source should be",
  changeScans((scan) => {
    const { carries, sequences } = scan;
    const types = scan.body.inputs
      .slice(carries, carries + sequences)
      .map(({ type }) => JSON.stringify(type));
    const inputs = [...scan.inputs];
    for (let a = 0; a < sequences; a++)
      for (let b = a + 1; b < sequences; b++)
        if (types[a] === types[b] && inputs[carries + a] !== inputs[carries + b]) {
          [inputs[carries + a], inputs[carries + b]] = [inputs[carries + b]!, inputs[carries + a]!];
          return { ...scan, inputs };
        }
    return scan;
  }),
);
