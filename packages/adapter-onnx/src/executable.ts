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
import type { Library, OrtSession, OrtTensor } from "./library.js";
import { modelWithWeightInputs, outputNames, weightsOf } from "./onnx-model.js";
import { OnnxTensor } from "./onnx-tensor.js";
import type { ElementType } from "./proto.js";
import { type Queue, queueOf } from "./queue.js";

/** A session. Its runs wait their turn, each with the feeds it was given. */
export class OnnxExecutable implements Executable {
  private disposed = false;
  /** Weights that are fed beside the inputs, once they were bound anew. */
  private weights: Readonly<Record<string, OrtTensor>> = {};
  private readonly queue: Queue;
  private readonly outputs: readonly (readonly [name: string, from: string, dtype: DeviceTensor["dtype"]])[];

  constructor(
    private readonly ort: Library,
    private readonly program: Program,
    private session: OrtSession,
    private readonly device: string,
    /** Makes the session of a model whose weights are inputs. */
    private readonly create: (bytes: Uint8Array) => Promise<OrtSession>,
  ) {
    const names = outputNames(program);
    this.outputs = program.outputs.map(({ name, type }, k) => [name, names[k]!, type.dtype]);
    this.queue = queueOf(ort);
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    const given: Record<string, OrtTensor> = { ...this.weights };
    const borrowed: OnnxTensor[] = [];
    let results: Readonly<Record<string, OrtTensor>>;
    try {
      for (const { name } of this.program.inputs) given[name] = this.feed(name, feeds[name]!, borrowed);
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
    for (const [name, from, dtype] of this.outputs) named[name] = new OnnxTensor(dtype, results[from]!);
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
      const made = await this.create(modelWithWeightInputs(program, weights, device).bytes);
      this.session = made;
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

  private feed(name: string, feed: Feed, borrowed: OnnxTensor[]): OrtTensor {
    if (feed instanceof OnnxTensor) {
      const tensor = feed.borrow();
      borrowed.push(feed);
      return tensor;
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
    return new this.ort.Tensor(host.dtype, host.data, host.shape);
  }
}
