/** A recurrent layer that names and shapes of a file tell of. */
export interface FoundLayer {
  /** What comes before the weights' own names. */
  readonly name: string;
  readonly framework: "PyTorch" | "Keras";
  readonly kind: string;
  readonly inputSize: number;
  readonly units: number;
  readonly layers: number;
  readonly directions: 1 | 2;
  readonly bias: boolean;
  /** Size that an LSTM of PyTorch projects its h to, if it does. */
  readonly projection: number | null;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
}

// Gates a unit has: the leading axis of PyTorch's weights, and the last of Keras's, over the number of units.
const kinds: Readonly<Record<number, string>> = { 1: "simple RNN", 3: "GRU", 4: "LSTM" };

/** Recurrent layers in a file, by the names of PyTorch (`weight_hh_l0`) and Keras (`recurrent_kernel`). */
export function recurrentLayers(entries: readonly Entry[]): FoundLayer[] {
  const shapes = new Map(entries.map(({ name, shape }) => [named(name), shape]));
  return [...torchLayers(shapes), ...kerasLayers(shapes)];
}

const cellWeights = ["kernel", "recurrent_kernel", "bias"];

/** Keras 3's weights files have numbers where its paths have names: `lstm/cell/vars/1`. */
const named = (name: string): string =>
  name.replace(
    /([/.]cell[/.])vars[/.]([012])$/,
    (_, cell: string, k: string) => cell + cellWeights[Number(k)]!,
  );

function torchLayers(shapes: ReadonlyMap<string, readonly number[]>): FoundLayer[] {
  const found: FoundLayer[] = [];
  for (const [name, shape] of shapes) {
    const match = /^(.*?)weight_hh(_l0)?$/.exec(name);
    if (!match) continue;
    const [, prefix = "", suffix = ""] = match;
    const input = shapes.get(`${prefix}weight_ih${suffix}`);
    const projection = shapes.get(`${prefix}weight_hr${suffix}`);
    const units = projection ? projection[1]! : shape[1]!;
    const kind = kinds[shape[0]! / units];
    if (!input || kind === undefined) continue;
    let layers = 1;
    while (suffix !== "" && shapes.has(`${prefix}weight_hh_l${layers}`)) layers++;
    found.push({
      name: prefix.replace(/\.$/, ""),
      framework: "PyTorch",
      kind: suffix === "" ? `${kind} cell` : kind,
      inputSize: input[1]!,
      units,
      layers,
      directions: shapes.has(`${prefix}weight_hh${suffix}_reverse`) ? 2 : 1,
      bias: shapes.has(`${prefix}bias_hh${suffix}`),
      projection: projection ? projection[0]! : null,
    });
  }
  return found;
}

function kerasLayers(shapes: ReadonlyMap<string, readonly number[]>): FoundLayer[] {
  const found: FoundLayer[] = [];
  for (const [name, shape] of shapes) {
    const match = /^(.*?)recurrent_kernel(:0)?$/.exec(name);
    if (!match) continue;
    const [, prefix = "", suffix = ""] = match;
    // The backward half is told of by the forward one.
    if (/backward[^/.]*[/.]([^/.]*[/.])?$/.test(prefix)) continue;
    const input = shapes.get(`${prefix}kernel${suffix}`);
    const kind = kinds[shape[1]! / shape[0]!];
    if (!input || kind === undefined) continue;
    const twin = prefix.replace(/forward(?!.*forward)/, "backward");
    found.push({
      name: prefix.replace(/[/.]$/, ""),
      framework: "Keras",
      kind,
      inputSize: input[0]!,
      units: shape[0]!,
      layers: 1,
      directions: twin !== prefix && shapes.has(`${twin}recurrent_kernel${suffix}`) ? 2 : 1,
      bias: shapes.has(`${prefix}bias${suffix}`),
      projection: null,
    });
  }
  return found;
}
