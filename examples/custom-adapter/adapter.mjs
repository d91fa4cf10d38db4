// An engine written from the documentation alone: docs/writing-an-adapter.md walks through this file.
import { isHostTensor, UnrollError } from "@unroll/api/adapter";
import { operations } from "./operations.mjs";

/** A result. Host memory, so it can be read at once. */
class Result {
  #tensor;
  constructor(tensor) {
    this.#tensor = tensor;
    this.dtype = tensor.dtype;
    this.shape = tensor.shape;
  }
  get tensor() {
    if (this.#tensor) return this.#tensor;
    throw new UnrollError(
      "UNROLL_DISPOSED",
      "slow tensor: expected one in use, got one after its dispose(); keep it until the last use",
    );
  }
  readSync() {
    const { dtype, shape, data } = this.tensor;
    return { dtype, shape: [...shape], data: data.slice() };
  }
  async read() {
    return this.readSync();
  }
  dispose() {
    this.#tensor = undefined;
  }
}

/** Runs nodes in order. `values` holds a tensor for every id that is known so far. */
function runNodes(nodes, values) {
  for (const node of nodes) {
    const inputs = node.inputs.map((id) => values.get(id));
    const outputs = node.kind === "scan" ? runScan(node, inputs) : [operations[node.op](inputs, node.attrs)];
    node.outputs.forEach(({ id }, k) => values.set(id, outputs[k]));
  }
}

/** Folds a body over time: carries go from step to step, stacked outputs are put together. */
function runScan({ carries, sequences, reverse, body }, inputs) {
  const time = inputs[carries].shape[0];
  let carried = inputs.slice(0, carries);
  const stacked = [];
  for (let s = 0; s < time; s++) {
    const t = reverse ? time - 1 - s : s;
    const element = (x) => {
      const size = x.data.length / time;
      return { dtype: x.dtype, shape: x.shape.slice(1), data: x.data.subarray(t * size, (t + 1) * size) };
    };
    const given = [
      ...carried,
      ...inputs.slice(carries, carries + sequences).map(element),
      ...inputs.slice(carries + sequences),
    ];
    const values = new Map(body.inputs.map(({ id }, k) => [id, given[k]]));
    runNodes(body.nodes, values);
    const results = body.outputs.map((id) => values.get(id));
    carried = results.slice(0, carries);
    results.slice(carries).forEach((x, k) => {
      stacked[k] ??= {
        dtype: x.dtype,
        shape: [time, ...x.shape],
        data: new x.data.constructor(time * x.data.length),
      };
      stacked[k].data.set(x.data, t * x.data.length);
    });
  }
  return [...carried, ...stacked];
}

class Executable {
  #weights;
  constructor(program, weights) {
    this.program = program;
    // Checked and copied already: they are this executable's to keep.
    this.#weights = program.params.map(({ name, id }) => [id, weights[name]]);
  }
  async run(feeds) {
    const { program } = this;
    const values = new Map(this.#weights);
    for (const { name, id } of program.inputs)
      values.set(id, isHostTensor(feeds[name]) ? feeds[name] : feeds[name].tensor);
    runNodes(program.nodes, values);
    return Object.fromEntries(
      program.outputs.map(({ name, id }) => {
        const { dtype, shape, data } = values.get(id);
        return [name, new Result({ dtype, shape: [...shape], data: data.slice() })];
      }),
    );
  }
  dispose() {
    this.#weights = undefined;
  }
}

/** A slow engine of a few dozen lines. */
export const slow = () => ({
  name: "slow",
  device: "cpu",
  capabilities: {
    contract: 2,
    primitives: Object.keys(operations),
    composites: {},
    precision: "f32",
    synchronous: false,
    memory: "host",
  },
  compile: async (program, weights) => new Executable(program, weights),
});

export default slow;
