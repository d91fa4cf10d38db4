import type { Adapter, WeightMap } from "@unroll/api";
import {
  type CompositeNode,
  type DeviceTensor,
  type Feed,
  type HostTensor,
  legalize,
  type Node,
  type Program,
  type ScanNode,
  unrollError,
} from "@unroll/api/adapter";
import type { Dialect } from "../dialects.js";
import { everyComposite } from "./every-composite.js";

/** Feeds or results of one run, in host memory. */
export type Tensors = Record<string, HostTensor>;

/** One way to break an honest engine, or an honest weight layout. */
export interface Fault {
  /** Stable, e.g. `lstm-gates-i-f`. */
  readonly id: string;
  /** What is wrong, as a sentence. */
  readonly title: string;
  /** Where such a fault has happened for real. */
  readonly seen: string;
  /**
   * The engine with the fault; left out where a weight layout is broken.
   *
   * @param alive its `count` is what the faulty engine says it holds
   */
  breakEngine?(honest: Adapter, alive: { count: number }): Adapter;
  /** The layout with the fault; left out where an engine is broken. */
  breakDialect?(honest: Dialect): Dialect;
}

/** What a run knows when feeds or results are changed. */
export interface RunInfo {
  /** The program that runs. */
  readonly program: Program;
  /** Its weights. */
  readonly weights: WeightMap;
  /** What it was fed. */
  readonly feeds: Tensors;
  /** How many runs this executable had before. */
  readonly before: number;
  /** Kept from run to run of one executable. */
  readonly memory: Record<string, unknown>;
}

/** Where an engine is broken; what is left out stays honest. */
export interface Break {
  /** Another program in place of the one to compile. */
  program?(program: Program): Program;
  /** Other weights in place of the given ones. */
  weights?(weights: WeightMap, program: Program): WeightMap;
  /** Other feeds in place of the given ones. */
  feeds?(feeds: Tensors, info: Omit<RunInfo, "feeds">): Tensors;
  /** Other results in place of the honest ones; `info.feeds` are as the caller gave them. */
  results?(results: Tensors, info: RunInfo): Tensors;
}

class Result implements DeviceTensor {
  private disposed = false;
  constructor(private readonly held: HostTensor) {}
  get dtype(): HostTensor["dtype"] {
    return this.held.dtype;
  }
  get shape(): readonly number[] {
    return this.held.shape;
  }
  readSync(): HostTensor {
    if (this.disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: "result",
        expected: "one in use",
        got: "a disposed one",
        cure: "read it before you dispose it",
      });
    return this.held;
  }
  async read(): Promise<HostTensor> {
    return this.readSync();
  }
  dispose(): void {
    this.disposed = true;
  }
}

/** An adapter that goes wrong as told, and is honest otherwise. */
export function broken(
  honest: Adapter,
  { program: changeProgram, weights: changeWeights, feeds: changeFeeds, results: changeResults }: Break,
): Adapter {
  return {
    name: "faulty",
    device: honest.device,
    capabilities: { ...honest.capabilities, synchronous: false },
    async compile(program, weights) {
      const changed = changeProgram ? changeProgram(program) : program;
      const executable = await honest.compile(
        changed,
        changeWeights ? changeWeights(weights, program) : weights,
      );
      const memory: Record<string, unknown> = {};
      let before = 0;
      return {
        async run(given) {
          const feeds: Tensors = Object.fromEntries(
            Object.entries(given).map(([name, feed]) => [name, hostOf(feed)]),
          );
          const info = { program, weights, before: before++, memory };
          const results = await executable.run(changeFeeds ? changeFeeds(feeds, info) : feeds);
          const read: Tensors = Object.fromEntries(
            await Promise.all(
              Object.entries(results).map(async ([name, result]) => [name, await result.read()] as const),
            ),
          );
          const ended = changeResults ? changeResults(read, { ...info, feeds }) : read;
          return Object.fromEntries(Object.entries(ended).map(([name, held]) => [name, new Result(held)]));
        },
        dispose: () => executable.dispose(),
      };
    },
  };
}

const hostOf = (feed: Feed): HostTensor => ("data" in feed ? feed : feed.readSync!());

/** A fault that is one {@link Break}. */
export const fault = (id: string, title: string, seen: string, how: Break): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest) => broken(honest, how),
});

export const recurrentOf = (node: Node): node is CompositeNode =>
  node.kind === "composite" && /^(lstm|gru|simpleRnn)(Cell)?$/.test(node.op);

export const attentionOf = (node: Node): node is CompositeNode =>
  node.kind === "composite" && node.op === "attention";

/** Weights of recurrent layers, by the name of the parameter: what they are to their layer. */
export function rolesOf(
  program: Program,
): Map<string, { readonly kind: string; readonly role: string; readonly units: number }> {
  const names = new Map(program.params.map(({ id, name }) => [id, name]));
  const roles = new Map<string, { kind: string; role: string; units: number }>();
  for (const node of program.nodes.filter(recurrentOf)) {
    // A projected h is smaller than the cell.
    const units = node.outputs[node.outputNames.indexOf(node.outputNames.includes("c") ? "c" : "h")]!.type
      .shape[1] as number;
    node.inputNames.forEach((role, k) => {
      const name = names.get(node.inputs[k]!);
      if (name !== undefined) roles.set(name, { kind: node.op.replace("Cell", ""), role, units });
    });
  }
  return roles;
}

/** Changes every weight of recurrent layers that `f` gives a new one for. */
export const changeRecurrent =
  (
    f: (
      weight: HostTensor,
      about: { readonly kind: string; readonly role: string; readonly units: number },
    ) => Float32Array | null,
  ) =>
  (weights: WeightMap, program: Program): WeightMap => {
    const roles = rolesOf(program);
    return Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => {
        const about = roles.get(name);
        const data = about && f(weight, about);
        return [name, data ? { ...weight, data } : weight];
      }),
    );
  };

/**
 * Columns of a weight [rows, gates * units] or a bias [gates * units], gate `k` taken from gate `order[k]`.
 */
export function gatesInOrder(
  { shape, data }: HostTensor,
  units: number,
  order: readonly number[],
): Float32Array {
  const columns = shape[shape.length - 1]!;
  return Float32Array.from(data, (_, k) => {
    const column = k % columns;
    return data[k - column + order[Math.floor(column / units)]! * units + (column % units)]!;
  });
}

/** Two gates of one kind of layer exchanged, in every weight. */
export const swapGates = (kind: string, gates: string, a: number, b: number): Break => ({
  weights: changeRecurrent((weight, { kind: own, units }) =>
    own === kind
      ? gatesInOrder(
          weight,
          units,
          Array.from(gates, (_, k) => (k === a ? b : k === b ? a : k)),
        )
      : null,
  ),
});

/** Attributes of recurrent nodes changed. */
export const changeAttrs =
  (f: (attrs: CompositeNode["attrs"], node: CompositeNode) => CompositeNode["attrs"]) =>
  (program: Program): Program => ({
    ...program,
    nodes: program.nodes.map((node) => (recurrentOf(node) ? { ...node, attrs: f(node.attrs, node) } : node)),
  });

/** Recurrent nodes without one of their inputs. */
export const withoutInput =
  (name: string, which: (node: CompositeNode) => boolean = () => true) =>
  (program: Program): Program => ({
    ...program,
    nodes: program.nodes.map((node) => {
      if (!recurrentOf(node) || !which(node)) return node;
      const keep = node.inputNames.map((own) => own !== name);
      return {
        ...node,
        inputNames: node.inputNames.filter((_, k) => keep[k]),
        inputs: node.inputs.filter((_, k) => keep[k]),
        body: { ...node.body, inputs: node.body.inputs.filter((_, k) => keep[k]) },
      };
    }),
  });

/** Results changed element by element, those named by `which`. */
export const changeElements =
  (f: (value: number, k: number, all: HostTensor) => number, which: (name: string) => boolean = () => true) =>
  (results: Tensors): Tensors =>
    Object.fromEntries(
      Object.entries(results).map(([name, held]) => [
        name,
        which(name) && held.dtype === "float32"
          ? ({
              ...held,
              data: Float32Array.from(held.data as Float32Array, (value, k) => f(value, k, held)),
            } as HostTensor)
          : held,
      ]),
    );

/**
 * A fault of composites that the honest engine leaves to their decomposition: `change` sees them whole, and
 * what it makes of them is expanded for the engine.
 */
export const faultOfComposites = (
  id: string,
  title: string,
  seen: string,
  change: (node: CompositeNode) => CompositeNode,
  which: (node: Node) => node is CompositeNode = recurrentOf,
): Fault => ({
  id,
  title,
  seen,
  breakEngine: (honest) => {
    const through = broken(honest, {});
    return {
      ...through,
      capabilities: {
        ...through.capabilities,
        composites: everyComposite(),
      },
      compile: (program, weights) =>
        through.compile(
          legalize(
            { ...program, nodes: program.nodes.map((node) => (which(node) ? change(node) : node)) },
            honest,
          ),
          weights,
        ),
    };
  },
});

/** The loops that a program has for itself, as those of custom cells, changed. */
export const changeScans = (f: (scan: ScanNode) => ScanNode): Break => ({
  program: (program) => ({
    ...program,
    nodes: program.nodes.map((node) => (node.kind === "scan" ? f(node) : node)),
  }),
});

/** Weights changed whose canonical name ends so. */
export const changeNamed =
  (ending: string, f: (weight: HostTensor) => Float32Array) =>
  (weights: WeightMap): WeightMap =>
    Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [
        name,
        name.endsWith(ending) ? ({ ...weight, data: f(weight) } as HostTensor) : weight,
      ]),
    );

export const isState = (name: string): boolean => name.startsWith("state.");

/** Nearest number that a float of `bits` bits of mantissa holds. */
export function coarse(value: number, bits: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits);
  return Math.round(value / unit) * unit;
}
