import { unrollError } from "../contract/error.js";
import { allocate, type DType, type DTypeArray, sizeOf } from "../contract/tensor.js";
import type {
  CompositeNode,
  Dim,
  Node,
  PrimitiveNode,
  Program,
  Region,
  ScanNode,
  ValueId,
  ValueType,
} from "../contract/program.js";
import type { Kernels, Packed } from "./kernel-types.js";
import { evaluateDim } from "../program/dims.js";
import { primitiveOf } from "../program/primitives.js";
import { compositeBinders, primitiveBinders } from "./operations.js";
import type { Binder, Binding, Lease, Slot } from "./slot.js";

type Data = DTypeArray[DType];
type Step = () => void;
type Slots = Map<ValueId, Slot>;

/** What every plan of one executable shares. */
export interface PlanSource {
  readonly program: Program;
  /** The weights, one slot for each parameter. */
  readonly params: readonly Slot[];
  /** Names of the composites that are run by a kernel; others run as their body. */
  readonly composites: ReadonlySet<string>;
  readonly kernels: Kernels;
  /** Packed matrices by the array they come from, so that plans of other lengths share them. */
  readonly packs: WeakMap<Data, Map<string, Packed>>;
  /** Packs the weights again, after they have new values. */
  readonly repack: Step[];
}

/**
 * A program bound to sizes: memory for every value, and the list of functions that fills it. Running it again
 * with the same sizes allocates nothing.
 */
export class Plan {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  private readonly steps: Step[] = [];
  /** What follows from weights alone, in order; done when the plan is made, and again when weights have new values. */
  private readonly fixed: Step[] = [];
  private readonly free = new Map<string, Data[]>();

  /** @param dims the sizes of the program's symbolic dims, in the order of `names` */
  constructor(
    private readonly source: PlanSource,
    private readonly names: readonly string[],
    readonly dims: readonly number[],
  ) {
    const { program, params } = source;
    this.inputs = program.inputs.map(({ type }) => this.fresh(type));
    const slots: Slots = new Map();
    program.params.forEach(({ id }, k) => slots.set(id, params[k]!));
    program.inputs.forEach(({ id }, k) => slots.set(id, this.inputs[k]!));
    this.outputs = this.region(
      { nodes: program.nodes, outputs: program.outputs.map((output) => output.id) },
      slots,
      this.steps,
    );
  }

  run(): void {
    const { steps } = this;
    for (let k = 0; k < steps.length; k++) steps[k]!();
  }

  /** Works out again what follows from weights alone. */
  refresh(): void {
    for (const step of this.fixed) step();
  }

  private resolve(shape: readonly Dim[]): number[] {
    return shape.map((dim) => {
      if (typeof dim === "number") return dim;
      const size = evaluateDim(dim, (axis) => this.dims[this.names.indexOf(axis)]);
      if (size >= 1) return size;
      // What a symbolic axis leaves of another is only known now.
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `program "${this.source.program.name}" run`,
        expected: `${String(dim)} to be at least 1`,
        got: `${size} with ${this.names.map((name, k) => `${name} ${this.dims[k]}`).join(", ")}`,
        cure: "feed a longer one",
        details: { dim, size },
      });
    });
  }

  /** A value with memory of its own, never lent on. */
  private fresh({ dtype, shape }: ValueType, fixed = false): Slot {
    const dims = this.resolve(shape);
    return { dtype, shape: dims, data: allocate(dtype, sizeOf(dims)), fixed };
  }

  private lend(dtype: DType, size: number): Data {
    return this.free.get(`${dtype} ${size}`)?.pop() ?? allocate(dtype, size);
  }

  private giveBack(dtype: DType, data: Data): void {
    const key = `${dtype} ${data.length}`;
    const list = this.free.get(key);
    if (list) list.push(data);
    else this.free.set(key, [data]);
  }

  /** Binds nodes in order; memory goes back to the pool after the last node of the region that reads it. */
  private region({ nodes, outputs }: Pick<Region, "nodes" | "outputs">, slots: Slots, steps: Step[]): Slot[] {
    const owner = {};
    const last = new Map<ValueId, number>();
    nodes.forEach((node, k) => {
      for (const { id } of node.outputs) last.set(id, k);
      for (const id of node.inputs) last.set(id, k);
    });
    for (const id of outputs) last.set(id, Infinity);
    let leases: { lease: Lease; dtype: DType }[] = [];
    nodes.forEach((node, k) => {
      const ins = node.inputs.map((id) => slots.get(id)!);
      this.node(node, ins, steps).forEach((slot, n) => {
        const { id } = node.outputs[n]!;
        slots.set(id, slot);
        const { lease } = slot;
        if (!lease) return;
        // A node may hand on what it was given (a new shape of it): then the memory lives as long as its last
        // reader.
        if (lease.owner === owner) lease.last = Math.max(lease.last, last.get(id)!);
        else if (!ins.some((input) => input.lease === lease)) {
          lease.owner = owner;
          lease.last = last.get(id)!;
          leases.push({ lease, dtype: slot.dtype });
        }
      });
      leases = leases.filter(({ lease, dtype }) => {
        if (lease.last > k) return true;
        this.giveBack(dtype, lease.data);
        return false;
      });
    });
    return outputs.map((id) => slots.get(id)!);
  }

  private node(node: Node, ins: readonly Slot[], steps: Step[]): Slot[] {
    switch (node.kind) {
      case "primitive": {
        if (primitiveOf(node.op)?.alias)
          return [{ ...ins[0]!, shape: this.resolve(node.outputs[0]!.type.shape) }];
        return this.kernel(node, ins, steps);
      }
      case "composite": {
        if (this.source.composites.has(node.op)) return this.kernel(node, ins, steps);
        return this.region(node.body, new Map(node.body.inputs.map(({ id }, k) => [id, ins[k]!])), steps);
      }
      case "scan":
        return this.scan(node, ins, steps);
      default:
        return node satisfies never;
    }
  }

  private kernel(node: PrimitiveNode | CompositeNode, ins: readonly Slot[], steps: Step[]): Slot[] {
    const place = `program "${this.source.program.name}" ${node.op}`;
    const table: Readonly<Record<string, Binder>> =
      node.kind === "primitive" ? primitiveBinders : compositeBinders;
    const binder = Object.hasOwn(table, node.op) ? table[node.op] : undefined;
    if (!binder)
      throw unrollError({
        code: "UNROLL_UNSUPPORTED",
        place,
        expected: "an operation of the builtin engine",
        got: `"${node.op}"`,
        cure: "legalize the program first",
        details: { op: node.op },
      });
    // What follows from weights alone is computed now, once; of some operands only the shape is read.
    const shapes = (node.kind === "primitive" && primitiveOf(node.op)?.shapeOnly) || [];
    const read = ins.filter((_, k) => !shapes.includes(k));
    const fixed = read.every((slot) => slot.fixed);
    const outs = node.outputs.map(({ type }) => (fixed ? this.fresh(type, true) : this.leased(type)));
    const borrowed: Float32Array[] = [];
    const binding: Binding = {
      place,
      ins,
      outs,
      attrs: node.attrs,
      kernels: this.source.kernels,
      inputNames: node.kind === "composite" ? node.inputNames : [],
      outputNames: node.kind === "composite" ? node.outputNames : [],
      pack: (slot, at, stride, rows, cols) => this.pack(slot, at, stride, rows, cols, steps),
      scratch: (size) => {
        const data = this.lend("float32", size) as Float32Array;
        borrowed.push(data);
        return data;
      },
    };
    const step = binder(binding);
    if (fixed) {
      step();
      this.fixed.push(step);
    } else steps.push(step);
    for (const data of borrowed) this.giveBack("float32", data);
    return outs;
  }

  private leased({ dtype, shape }: ValueType): Slot {
    const dims = this.resolve(shape);
    const data = this.lend(dtype, sizeOf(dims));
    return { dtype, shape: dims, data, fixed: false, lease: { data, last: Infinity, owner: this } };
  }

  private pack(slot: Slot, at: number, stride: number, rows: number, cols: number, steps: Step[]): Packed {
    const { kernels, packs } = this.source;
    const known = packs.get(slot.data) ?? new Map<string, Packed>();
    const key = `${at} ${stride} ${rows} ${cols}`;
    const found = slot.fixed ? known.get(key) : undefined;
    if (found) return found;
    const packed: Packed = { rows, cols, data: new Float32Array(rows * cols) };
    const step = (): void => kernels.pack(slot.data, at, stride, packed);
    if (slot.fixed) {
      step();
      packs.set(slot.data, known.set(key, packed));
      // Plans share what is packed of a weight itself; what is packed of a value computed from weights is this plan's.
      (this.source.params.includes(slot) ? this.source.repack : this.fixed).push(step);
    } else steps.push(step);
    return packed;
  }

  private scan(node: ScanNode, ins: readonly Slot[], steps: Step[]): Slot[] {
    const { body, carries, sequences, reverse } = node;
    const slots: Slots = new Map();
    // Before the body, so that no memory which the body gives back half-way becomes a place for results.
    const outs = node.outputs.map(({ type }) => this.leased(type));
    // Carries and elements are overwritten at each step and read all through it, so they are outside the
    // pool.
    const own = body.inputs.map(({ id, type }, k) => {
      const slot = k < carries + sequences ? this.fresh(type) : ins[k]!;
      slots.set(id, slot);
      return slot.data;
    });
    const inner: Step[] = [];
    const results = this.region(body, slots, inner).map((slot) => slot.data);
    const time = ins[carries]!.shape[0]!;
    const from = ins.map((slot) => slot.data);
    const to = outs.map((slot) => slot.data);
    // A carry that the body hands on from another carry is set aside first, as its place may be overwritten
    // before.
    const next = results
      .slice(0, carries)
      .map((data, k) => (own.indexOf(data) >= 0 && own.indexOf(data) !== k ? data.slice() : data));
    steps.push(() => {
      for (let k = 0; k < carries; k++) own[k]!.set(from[k]!);
      for (let step = 0; step < time; step++) {
        const t = reverse ? time - 1 - step : step;
        for (let k = carries; k < carries + sequences; k++) {
          const [element, sequence] = [own[k]!, from[k]!];
          const at = t * element.length;
          for (let j = 0; j < element.length; j++) element[j] = sequence[at + j]!;
        }
        for (let k = 0; k < inner.length; k++) inner[k]!();
        for (let k = carries; k < results.length; k++) to[k]!.set(results[k]!, t * results[k]!.length);
        for (let k = 0; k < carries; k++) if (next[k] !== results[k]) next[k]!.set(results[k]!);
        for (let k = 0; k < carries; k++) own[k]!.set(next[k]!);
      }
      for (let k = 0; k < carries; k++) to[k]!.set(own[k]!);
    });
    return outs;
  }
}
