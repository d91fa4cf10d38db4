import { changeScans, fault } from "./break.js";

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
