import {
  allocate,
  type DeviceTensor,
  type DType,
  type Executable,
  type Feed,
  type HostTensor,
  isHostTensor,
  type Program,
  UnrollError,
  unrollError,
  type WeightMap,
} from "@unroll/api/adapter";
import { addedAxis } from "./edges.js";
import type { Library, OrtSession, OrtTensor } from "./library.js";
import { outputNames, type SessionModel, weightsOf } from "./onnx-model.js";
import { OnnxTensor } from "./onnx-tensor.js";
import type { ElementType } from "./proto.js";
import { type Queue, queueOf } from "./queue.js";

/** What a run makes of one output of the session. */
interface Output {
  readonly name: string;
  readonly dtype: DType;
  /** Name of the session's output. */
  readonly from: string;
  /** Axis of size 1 that the session's output has and the program's has not. */
  readonly axis: number | undefined;
  /** Whether another output before it has the same value, so that this is a copy. */
  readonly repeated: boolean;
}

/** A session, and the model that it runs. */
export interface Made {
  readonly session: OrtSession;
  readonly model: SessionModel;
}

/** A session. Its runs wait their turn, each with the feeds it was given. */
export class OnnxExecutable implements Executable {
  private disposed = false;
  /** Weights that are fed beside the inputs, once they were bound anew. */
  private weights: Readonly<Record<string, OrtTensor>> = {};
  private readonly queue: Queue;
  private readonly inputs: readonly (readonly [name: string, axis: number | undefined])[];
  private readonly outputs: readonly Output[];
  private session: OrtSession;

  constructor(
    private readonly ort: Library,
    private readonly program: Program,
    { session, model }: Made,
    private readonly device: string,
    /** Makes the session of the same model with weights as inputs. */
    private readonly create: (weights: WeightMap) => Promise<Made>,
  ) {
    this.session = session;
    const names = outputNames(program);
    this.inputs = program.inputs.map(({ name }, k) => [name, model.inputAxes[k]]);
    this.outputs = program.outputs.map(({ name, type: { dtype } }, k) => {
      const source = model.sources[k]!;
      return { name, dtype, from: names[source]!, axis: model.outputAxes[k], repeated: source !== k };
    });
    this.queue = queueOf(ort);
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    const given: Record<string, OrtTensor> = { ...this.weights };
    const borrowed: OnnxTensor[] = [];
    let results: Readonly<Record<string, OrtTensor>>;
    try {
      for (const [name, axis] of this.inputs) given[name] = this.feed(name, axis, feeds[name]!, borrowed);
      const { session } = this;
      results = await this.queue.run(() => session.run(given));
    } catch (cause) {
      if (cause instanceof UnrollError) throw cause;
      throw unrollError({
        code: "UNROLL_ENGINE",
        place: `program "${this.program.name}" run`,
        expected: `ONNX Runtime to run it on ${this.device}`,
        got: `"${cause instanceof Error ? cause.message : String(cause)}"`,
        cure: "see the cause",
        details: { device: this.device },
        cause,
      });
    } finally {
      for (const tensor of borrowed) tensor.release();
    }
    const named: Record<string, DeviceTensor> = {};
    for (const output of this.outputs) named[output.name] = this.result(output, results[output.from]!);
    return named;
  }

  /**
   * The first time it costs a session, whose weights are inputs from then on; after that, no more than
   * writing them out. A session with weights as inputs can't pack them beforehand, and copies them at each
   * run where its memory is not the host's: who never binds weights anew never pays that.
   */
  async rebind(weights: WeightMap): Promise<void> {
    const { program, device, session } = this;
    const values = weightsOf(program, weights, device);
    const first = Object.keys(this.weights).length === 0 && values.length > 0;
    if (first) {
      this.session = (await this.create(weights)).session;
      void this.queue.run(async () => session.release?.());
    }
    this.weights = Object.fromEntries(
      values.map(({ name, type, shape, bytes }) => [name, this.tensorOf(type, shape, bytes)]),
    );
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    // Behind the runs that were asked for before.
    void this.queue.run(async () => this.session.release?.());
  }

  private tensorOf(type: ElementType, shape: readonly number[], bytes: Uint8Array): OrtTensor {
    const dtype = type as DType;
    const data = allocate(dtype, 0).constructor as new (buffer: ArrayBuffer) => HostTensor["data"];
    return new this.ort.Tensor(dtype, new data(bytes.slice().buffer), shape);
  }

  private result({ dtype, axis, repeated }: Output, tensor: OrtTensor): OnnxTensor {
    const { dims } = tensor;
    const shape = axis === undefined ? dims : dims.filter((_, k) => k !== axis);
    if (!repeated) return OnnxTensor.of(dtype, tensor, shape);
    const data = allocate(dtype, tensor.data.length);
    data.set(tensor.data);
    return OnnxTensor.of(dtype, new this.ort.Tensor(dtype, data, dims), shape);
  }

  private feed(name: string, axis: number | undefined, feed: Feed, borrowed: OnnxTensor[]): OrtTensor {
    const dims = axis === undefined ? feed.shape : addedAxis(feed.shape, axis, 1);
    if (feed instanceof OnnxTensor) {
      const tensor = feed.borrow();
      borrowed.push(feed);
      // On the host, where axes differ; elsewhere they never do.
      const fits = tensor.dims.length === dims.length && tensor.dims.every((dim, k) => dim === dims[k]);
      return fits ? tensor : new this.ort.Tensor(feed.dtype, tensor.data, dims);
    }
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
    return new this.ort.Tensor(host.dtype, host.data, dims);
  }
}
