import {
  type Capabilities,
  type DeviceTensor,
  type DType,
  type Executable,
  type Feed,
  type HostTensor,
  isHostTensor,
  isUnrollError,
  type Program,
  unrollError,
  type ValueId,
  type WeightMap,
} from "@unroll/api/adapter";
import { onBackend, untilStarted } from "./backend.js";
import { assertIntegersHeld, assertTablesHeld } from "./integers.js";
import type { Library, TfTensor } from "./library.js";
import { type Environment, ready, type Scope, type Step } from "./nodes.js";
import type { Workshop } from "./primitives.js";
import { TfjsTensor } from "./tfjs-tensor.js";

/** Where programs run. */
export interface Device {
  readonly tf: Library;
  readonly backend: string;
  /** Whether JavaScript reaches its memory. */
  readonly host: boolean;
  /** Whether a recurrence runs as a kernel of ours. */
  readonly hostKernels: boolean;
  readonly precision: Capabilities["precision"];
}

/** A program ready to run; its weights and constants stay on the backend until it is disposed. */
export class TfjsExecutable implements Executable {
  private readonly slots = new Map<ValueId, number>();
  private steps: readonly Step[];
  private readonly kept: TfTensor[] = [];
  /** Slots of weights that some node reads as they are. */
  private weightSlots: (readonly [slot: number, tensor: TfTensor])[] = [];
  /** Outputs that no node computes for them alone: inputs, weights, constants, and repeated ones. */
  private readonly aliased: readonly boolean[];

  private readonly tf: Library;
  private readonly backend: string;
  /** Whether integers past a limit would be changed: then they are refused. */
  private readonly narrow: boolean;

  constructor(
    private readonly device: Device,
    private readonly program: Program,
    weights: WeightMap,
  ) {
    this.tf = device.tf;
    this.backend = device.backend;
    this.narrow = device.precision === "f16";
    if (this.narrow) assertTablesHeld(program);
    this.steps = this.prepared(weights);
    const computed = new Set(
      program.nodes.flatMap((node) =>
        node.kind === "primitive" && node.op === "constant" ? [] : node.outputs.map((o) => o.id),
      ),
    );
    this.aliased = program.outputs.map(
      ({ id }, k) =>
        !computed.has(id) ||
        program.outputs.findIndex((o) => o.id === id) !== k ||
        passesThrough(program, id),
    );
  }

  /** Uploads and packs weights; where that fails, nothing of it is left. */
  private prepared(weights: WeightMap): Step[] {
    try {
      return onBackend(this.tf, this.backend, () => this.tf.engine().tidy(() => this.prepare(weights)));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  private prepare(weights: WeightMap): Step[] {
    const { tf, backend, program, narrow } = this;
    const engine = tf.engine();
    const keep: Workshop["keep"] = (data, shape, dtype) => {
      if (narrow) assertIntegersHeld(`program "${program.name}"`, { dtype, data });
      const made = engine.keep(tf.tensor(data, shape, dtype));
      this.kept.push(made);
      return made;
    };
    const run = ((name, inputs, attrs) => engine.runKernel(name, inputs, attrs)) as Workshop["run"];
    const params = new Map<ValueId, HostTensor>(program.params.map(({ name, id }) => [id, weights[name]!]));
    // A weight that only packed composites read is not uploaded a second time.
    const uploaded = new Set<ValueId>();
    const slot = (id: ValueId): number => {
      const known = this.slots.get(id);
      const slot = known ?? this.slots.size;
      this.slots.set(id, slot);
      const weight = params.get(id);
      if (weight && !uploaded.has(id)) {
        uploaded.add(id);
        this.weightSlots.push([slot, keep(weight.data.slice(), weight.shape, weight.dtype)]);
      }
      return slot;
    };
    const scope: Scope = {
      workshop: { tf, backend, narrow, run, keep },
      hostKernels: this.device.hostKernels,
      slot,
      weight: (id) => params.get(id),
    };
    for (const input of program.inputs) slot(input.id);
    const steps = program.nodes.map((node) => ready(node, scope));
    for (const output of program.outputs) slot(output.id);
    return steps;
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    const { tf, program } = this;
    if (tf.engine().pendingBackendInit) await untilStarted(tf);
    const results = this.guarded(() =>
      onBackend(tf, this.backend, () => {
        const engine = tf.engine();
        return engine.tidy(() => {
          const env: Environment = new Array<TfTensor>(this.slots.size);
          for (const [slot, weight] of this.weightSlots) env[slot] = weight;
          for (const { name, id } of program.inputs) env[this.slots.get(id)!] = this.feed(name, feeds[name]!);
          for (const step of this.steps) step(env);
          return program.outputs.map(({ id }, k) => {
            const value = env[this.slots.get(id)!]!;
            // Kept, so that a tidy of the caller's around this call does not take it away.
            return engine.keep(
              this.aliased[k] ? (engine.runKernel("Identity", { x: value }) as TfTensor) : value,
            );
          });
        });
      }),
    );
    return Object.fromEntries(
      program.outputs.map(({ name, type }, k) => [
        name,
        new TfjsTensor(type.dtype as DType, results[k]!, this.device.host),
      ]),
    );
  }

  /** Uploads and packs the new weights, and lets the old ones go; slots stay, and nothing is compiled. */
  async rebind(weights: WeightMap): Promise<void> {
    const { tf } = this;
    if (tf.engine().pendingBackendInit) await untilStarted(tf);
    const before = this.kept.splice(0);
    this.weightSlots = [];
    try {
      this.steps = this.prepared(weights);
    } finally {
      for (const tensor of before) tensor.dispose();
    }
  }

  dispose(): void {
    for (const tensor of this.kept.splice(0)) tensor.dispose();
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (isUnrollError(cause)) throw cause;
      throw unrollError({
        code: "UNROLL_ENGINE",
        place: `program "${this.program.name}" run`,
        expected: `TensorFlow.js to run it on ${this.backend}`,
        got: `"${cause instanceof Error ? cause.message : String(cause)}"`,
        cure: "see the cause",
        details: { backend: this.backend },
        cause,
      });
    }
  }

  private feed(name: string, feed: Feed): TfTensor {
    if (feed instanceof TfjsTensor) return feed.tensor;
    const host = isHostTensor(feed) ? feed : feed.readSync?.();
    if (!host) {
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `program "${this.program.name}" run`,
        expected: `a feed for input "${name}" in host memory or of this adapter`,
        got: "a tensor of another engine",
        cure: "read() it and feed the result",
        details: { name },
      });
    }
    if (this.narrow) assertIntegersHeld(`input "${name}"`, host);
    // The cpu backend uses the array for as long as a tensor does, and a result may share it after the run.
    return this.tf.tensor(host.data.slice(), host.shape, host.dtype);
  }
}

/** Whether a scan or a reshape may hand an outer value on as this output. */
function passesThrough(program: Program, id: ValueId): boolean {
  const node = program.nodes.find((n) => n.outputs.some((o) => o.id === id));
  return node?.kind === "scan";
}
