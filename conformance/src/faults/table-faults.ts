import type { NamedTensor } from "@unroll/api/weights";

/** Tensors of a recorded case by their names in its file. */
export type Recorded = Readonly<Record<string, NamedTensor>>;

/**
 * A weight table that is wrong in both directions: what it writes it reads again, so that no round trip
 * notices, only results recorded from the framework itself.
 */
export interface TableFault {
  /** Stable, for reports. */
  readonly id: string;
  /** What is wrong, as a sentence. */
  readonly title: string;
  /** Whose layout it gets wrong. */
  readonly dialect: "torch" | "keras";
  /** The tensors as the wrong table would read them; null where a case has nothing that it gets wrong. */
  read(tensors: Recorded): Recorded | null;
}

interface Weight {
  /** Name without direction and level: `weight_ih`, `recurrent_kernel`. */
  readonly role: string;
  readonly gates: number;
  readonly units: number;
  readonly tensor: NamedTensor;
}

type Change = (weight: Weight) => Float32Array | null;

const roles = {
  torch: { pattern: /^(weight_ih|weight_hh|bias_ih|bias_hh)(_l\d+)?(_reverse)?$/, recurrent: "weight_hh" },
  keras: {
    pattern: /^(?:forward\.|backward\.)?(kernel|recurrent_kernel|bias)$/,
    recurrent: "recurrent_kernel",
  },
} as const;

/** Applies a change to every weight of a case's cells. */
const changed =
  (dialect: TableFault["dialect"], change: Change) =>
  (tensors: Recorded): Recorded | null => {
    const { pattern, recurrent } = roles[dialect];
    let any = false;
    const made = Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const role = pattern.exec(name)?.[1];
        const square = role && tensors[name.replace(role, recurrent)];
        if (!role || !square) return [name, tensor];
        const projection = tensors[name.replace(role, "weight_hr")];
        const [units, wide] =
          dialect === "torch"
            ? [(projection ?? square).shape[1]!, square.shape[0]!]
            : [square.shape[0]!, square.shape[1]!];
        const data = change({ role, gates: wide / units, units, tensor });
        any ||= data !== null;
        return [name, data ? { ...tensor, data } : tensor];
      }),
    );
    return any ? made : null;
  };

/** Exchanges two gates of cells that have `count` of them: blocks of rows in torch, of columns in Keras. */
function gatesExchanged(
  dialect: TableFault["dialect"],
  cell: string,
  names: string,
  a: number,
  b: number,
): TableFault {
  return {
    id: `${dialect}-${cell}-${names[a]}-${names[b]}`,
    title: `${cell} gates ${names[a]} and ${names[b]} exchanged`,
    dialect,
    read: changed(dialect, ({ role, gates, units, tensor: { shape, data } }) => {
      if (gates !== names.length) return null;
      const from = (gate: number): number => (gate === a ? b : gate === b ? a : gate);
      const values = data as Float32Array;
      if (dialect === "torch") {
        const block = values.length / gates;
        return values.map((_, k) => values[from(Math.floor(k / block)) * block + (k % block)]!);
      }
      const columns = role === "bias" ? shape[shape.length - 1]! : gates * units;
      return values.map(
        (_, k) => values[k - (k % columns) + from(Math.floor((k % columns) / units)) * units + (k % units)]!,
      );
    }),
  };
}

const pairs = (count: number): [number, number][] =>
  Array.from({ length: count }, (_, a) =>
    Array.from({ length: count - 1 - a }, (_unused, k): [number, number] => [a, a + 1 + k]),
  ).flat();

/** Each gate's square block of the recurrent weights transposed. */
const recurrentTransposed = (dialect: TableFault["dialect"]): TableFault => ({
  id: `${dialect}-recurrent-transposed`,
  title: "the recurrent weights of each gate transposed",
  dialect,
  read: changed(dialect, ({ role, gates, units, tensor: { shape, data } }) => {
    if (role !== roles[dialect].recurrent || shape[0]! * shape[1]! !== gates * units * units) return null;
    const values = data as Float32Array;
    const at = (row: number, column: number, gate: number): number =>
      dialect === "torch"
        ? (gate * units + row) * units + column
        : row * gates * units + gate * units + column;
    const made = values.slice();
    for (let gate = 0; gate < gates; gate++)
      for (let row = 0; row < units; row++)
        for (let column = 0; column < units; column++)
          made[at(row, column, gate)] = values[at(column, row, gate)]!;
    return made;
  }),
});

/**
 * Names exchanged two by two; null where none of a case's names has a counterpart, or it makes no difference.
 */
const renamed = (
  id: string,
  title: string,
  dialect: TableFault["dialect"],
  other: (name: string) => string,
  matters: (tensors: Recorded) => boolean = () => true,
): TableFault => ({
  id,
  title,
  dialect,
  read: (tensors) =>
    matters(tensors) && Object.keys(tensors).some((name) => other(name) !== name && tensors[other(name)])
      ? Object.fromEntries(
          Object.entries(tensors).map(([name, tensor]) => [name, tensors[other(name)] ?? tensor]),
        )
      : null,
});

/** Only a GRU tells its two biases apart. */
const isGru = (tensors: Recorded): boolean => {
  const { shape } = tensors["weight_hh_l0"] ?? tensors["weight_hh"]!;
  return !tensors["weight_hr_l0"] && shape[0] === 3 * shape[1]!;
};

const firstRow = ({ role, tensor: { shape, data } }: Weight): Float32Array | null =>
  role === "bias" && shape.length === 2
    ? (data as Float32Array).map((value, k) => (k < shape[1]! ? value : 0))
    : null;

/** Every wrong table. Each is killed by a recorded case; `unroll verify` runs them. */
export const tableFaults: readonly TableFault[] = [
  ...(["torch", "keras"] as const).flatMap((dialect) => [
    ...pairs(4).map(([a, b]) => gatesExchanged(dialect, "lstm", dialect === "torch" ? "ifgo" : "ifco", a, b)),
    ...pairs(3).map(([a, b]) => gatesExchanged(dialect, "gru", dialect === "torch" ? "rzn" : "zrh", a, b)),
    recurrentTransposed(dialect),
  ]),
  renamed(
    "torch-biases-exchanged",
    "bias_ih read as bias_hh",
    "torch",
    (name) => name.replace(/^bias_(ih|hh)/, (_, which: string) => (which === "ih" ? "bias_hh" : "bias_ih")),
    isGru,
  ),
  renamed(
    "torch-directions-exchanged",
    "the reverse direction's weights read as the forward ones",
    "torch",
    (name) =>
      /^(weight|bias)_/.test(name)
        ? name.endsWith("_reverse")
          ? name.slice(0, -8)
          : `${name}_reverse`
        : name,
  ),
  renamed("torch-levels-exchanged", "weights of the second and third layer exchanged", "torch", (name) =>
    name.replace(/_l([12])/, (_, level: string) => `_l${3 - Number(level)}`),
  ),
  {
    id: "torch-second-bias-dropped",
    title: "bias_hh left out",
    dialect: "torch",
    read: changed("torch", ({ role, tensor }) =>
      role === "bias_hh" ? (tensor.data as Float32Array).map(() => 0) : null,
    ),
  },
  {
    id: "torch-forget-bias-added",
    title: "1 added to the forget gate, as TensorFlow 1 does when it runs",
    dialect: "torch",
    read: changed("torch", ({ role, gates, units, tensor }) =>
      role === "bias_ih" && gates === 4
        ? (tensor.data as Float32Array).map((value, k) => (Math.floor(k / units) === 1 ? value + 1 : value))
        : null,
    ),
  },
  renamed(
    "keras-directions-exchanged",
    "the backward layer's weights read as the forward one's",
    "keras",
    (name) =>
      name.replace(/^(forward|backward)\.(?=kernel|recurrent|bias)/, (_, way: string) =>
        way === "forward" ? "backward." : "forward.",
      ),
  ),
  {
    id: "keras-recurrent-bias-dropped",
    title: "the second row of a GRU's bias left out",
    dialect: "keras",
    read: changed("keras", firstRow),
  },
  {
    id: "keras-bias-rows-exchanged",
    title: "the two rows of a GRU's bias exchanged",
    dialect: "keras",
    read: changed("keras", ({ role, tensor: { shape, data } }) =>
      role === "bias" && shape.length === 2
        ? (data as Float32Array).map((_, k) => (data as Float32Array)[(k + shape[1]!) % data.length]!)
        : null,
    ),
  },
];
