import { unrollError } from "../contract/error.js";
import { type DType, type DTypeArray, sizeOf } from "../contract/tensor.js";
import type {
  CompositeNode,
  Dim,
  Node,
  PrimitiveNode,
  Program,
  Region,
  ValueId,
  ValueType,
} from "../contract/program.js";
import type { Memory, Packed } from "./kernel-types.js";
import type { Operations, ScanPlan } from "./operation.js";
import type { Binder, Binding, Lease, Slot, Step } from "./slot.js";

type Data = DTypeArray[DType];
type Slots = Map<ValueId, Slot>;

/** What every plan of one executable shares. */
export interface PlanSource {
  readonly program: Program;
  /** The weights, one slot for each parameter. */
  readonly params: readonly Slot[];
  /** Primitives, and the composites that are run by a kernel; others run as their body. */
  readonly operations: Operations;
  /** Where every value is, with the kernels that work there. */
  readonly memory: Memory;
  /** Packed matrices by the array they come from, so that plans of other lengths share them. */
  readonly packs: WeakMap<Data, Map<string, Packed>>;
  /** Packs the weights again, after they have new values. */
  readonly repack: Step[];
}

/**
 * A program bound to sizes: memory for every value, and the list of functions that fills it. Running it again
 * with the same sizes allocates nothing.
 */
export class Plan implements ScanPlan {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  readonly #steps: Step[] = [];
  /**
   * What follows from weights alone, in order; done when the plan is made, and again when weights have new
   * values.
   */
  readonly #fixed: Step[] = [];
  readonly #free = new Map<string, Data[]>();

  readonly #source: PlanSource;
  readonly #names: readonly string[];

  /**
   * @param dims the sizes of the program's symbolic dims, in the order of `names`; owner of the plan's memory
   */
  constructor(
    source: PlanSource,
    names: readonly string[],
    readonly dims: readonly number[],
  ) {
    this.#source = source;
    this.#names = names;
    const { program, params } = source;
    this.inputs = program.inputs.map(({ type }) => this.fresh(type));
    const slots: Slots = new Map();
    program.params.forEach(({ id }, k) => slots.set(id, params[k]!));
    program.inputs.forEach(({ id }, k) => slots.set(id, this.inputs[k]!));
    const outputs = program.outputs.map((output) => output.id);
    this.outputs = this.region({ nodes: program.nodes, outputs }, slots, this.#steps);
  }

  run(): void {
    const steps = this.#steps;
    for (let k = 0; k < steps.length; k++) steps[k]!();
  }

  /** Works out again what follows from weights alone. */
  refresh(): void {
    for (const step of this.#fixed) step();
  }

  #resolve(shape: readonly Dim[]): number[] {
    return shape.map((dim) => {
      if (typeof dim === "number") return dim;
      const known = this.dims[this.#names.indexOf(dim)];
      if (known !== undefined) return known;
      const { control } = this.#source.operations;
      if (!control) return this.#unknown(dim);
      const size = control.evaluateDim(dim, (axis) => this.dims[this.#names.indexOf(axis)]);
      if (size >= 1) return size;
      // What a symbolic axis leaves of another is only known now.
      throw unrollError({
        code: "UNROLL_SHAPE",
        place: `program "${this.#source.program.name}" run`,
        expected: `${String(dim)} to be at least 1`,
        got: `${size} with ${this.#names.map((name, k) => `${name} ${this.dims[k]}`).join(", ")}`,
        cure: "feed a longer one",
        details: { dim, size },
      });
    });
  }

  /** A value with memory of its own, never lent on. */
  fresh({ dtype, shape }: ValueType, fixed = false): Slot {
    const dims = this.#resolve(shape);
    return { dtype, shape: dims, data: this.#allocate(dtype, sizeOf(dims)), fixed };
  }

  #allocate<D extends DType>(dtype: D, size: number): DTypeArray[D] {
    return this.#source.memory.allocate(dtype, size, this.dims);
  }

  #lend(dtype: DType, size: number): Data {
    return this.#free.get(`${dtype} ${size}`)?.pop() ?? this.#allocate(dtype, size);
  }

  #giveBack(dtype: DType, data: Data): void {
    const key = `${dtype} ${data.length}`;
    const list = this.#free.get(key);
    if (list) list.push(data);
    else this.#free.set(key, [data]);
  }

  /** Binds nodes in order; memory goes back to the pool after the last node of the region that reads it. */
  region({ nodes, outputs }: Pick<Region, "nodes" | "outputs">, slots: Slots, steps: Step[]): Slot[] {
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
      this.#node(node, ins, steps).forEach((slot, n) => {
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
        this.#giveBack(dtype, lease.data);
        return false;
      });
    });
    return outputs.map((id) => slots.get(id)!);
  }

  #node(node: Node, ins: readonly Slot[], steps: Step[]): Slot[] {
    switch (node.kind) {
      case "primitive": {
        const operation = this.#operation(this.#source.operations.primitives, node);
        if (!operation) return this.#unknown(node.op);
        const { record, bind } = operation;
        if (!bind) return [{ ...ins[0]!, shape: this.#resolve(node.outputs[0]!.type.shape) }];
        return this.#kernel(node, bind, ins, record.shapeOnly ?? [], steps);
      }
      case "composite": {
        const operation = this.#operation(this.#source.operations.composites, node);
        if (operation) return this.#kernel(node, operation.bind, ins, [], steps);
        return this.region(node.body, new Map(node.body.inputs.map(({ id }, k) => [id, ins[k]!])), steps);
      }
      case "scan": {
        const { control } = this.#source.operations;
        return control ? control.scan(node, ins, steps, this) : this.#unknown(node.kind);
      }
      default:
        return node satisfies never;
    }
  }

  #operation<Operation>(
    operations: Readonly<Record<string, Operation>>,
    { op }: PrimitiveNode | CompositeNode,
  ): Operation | undefined {
    return Object.hasOwn(operations, op) ? operations[op] : undefined;
  }

  #unknown(op: string): never {
    throw unrollError({
      code: "UNROLL_UNSUPPORTED",
      place: this.#placeOf(op),
      expected: "an operation of the builtin engine",
      got: `"${op}"`,
      cure: "legalize the program first",
      details: { op },
    });
  }

  #placeOf(op: string): string {
    return `program "${this.#source.program.name}" ${op}`;
  }

  /** @param shapes operands of which only the shape is read */
  #kernel(
    node: PrimitiveNode | CompositeNode,
    bind: Binder,
    ins: readonly Slot[],
    shapes: readonly number[],
    steps: Step[],
  ): Slot[] {
    // What follows from weights alone is computed now, once.
    const read = ins.filter((_, k) => !shapes.includes(k));
    const fixed = read.every((slot) => slot.fixed);
    const outs = node.outputs.map(({ type }) => (fixed ? this.fresh(type, true) : this.leased(type)));
    const borrowed: Float32Array[] = [];
    const binding: Binding = {
      place: this.#placeOf(node.op),
      ins,
      outs,
      attrs: node.attrs,
      kernels: this.#source.memory.kernels,
      inputNames: node.kind === "composite" ? node.inputNames : [],
      outputNames: node.kind === "composite" ? node.outputNames : [],
      pack: (slot, at, stride, rows, cols) => this.#pack(slot, at, stride, rows, cols, steps),
      scratch: (size) => {
        const data = this.#lend("float32", size) as Float32Array;
        borrowed.push(data);
        return data;
      },
    };
    const step = bind(binding);
    if (fixed) {
      step();
      this.#fixed.push(step);
    } else steps.push(step);
    for (const data of borrowed) this.#giveBack("float32", data);
    return outs;
  }

  /** A value with memory from the pool. */
  leased({ dtype, shape }: ValueType): Slot {
    const dims = this.#resolve(shape);
    const data = this.#lend(dtype, sizeOf(dims));
    return { dtype, shape: dims, data, fixed: false, lease: { data, last: Infinity, owner: this } };
  }

  #pack(slot: Slot, at: number, stride: number, rows: number, cols: number, steps: Step[]): Packed {
    const { memory, packs, program } = this.#source;
    const { kernels } = memory;
    const known = packs.get(slot.data) ?? new Map<string, Packed>();
    const key = `${at} ${stride} ${rows} ${cols}`;
    const found = slot.fixed ? known.get(key) : undefined;
    if (found) return found;
    // Plans share what is packed of a weight itself; what is packed of a value computed from weights is this
    // plan's.
    const shared = this.#source.params.includes(slot);
    const size = kernels.packedSize(rows, cols);
    const data = memory.allocate("float32", size, shared ? program : this.dims);
    const packed: Packed = { rows, cols, data };
    const step = (): void => kernels.pack(slot.data as Float32Array, at, stride, packed);
    if (slot.fixed) {
      step();
      packs.set(slot.data, known.set(key, packed));
      (shared ? this.#source.repack : this.#fixed).push(step);
    } else steps.push(step);
    return packed;
  }
}
