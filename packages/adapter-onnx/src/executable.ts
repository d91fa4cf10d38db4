import { type DeviceTensor, type Executable, type Feed, isHostTensor, type Program, UnrollError } from "@unroll/api/adapter";
import type { Library, OrtSession, OrtTensor } from "./library.js";
import { type OnnxModel, outputNames } from "./model.js";
import { OnnxTensor } from "./onnx-tensor.js";
import { type Queue, queueOf } from "./queue.js";

/** A session. Its runs wait their turn, each with the feeds it was given. */
export class OnnxExecutable implements Executable {
  private disposed = false;
  private readonly queue: Queue;
  private readonly outputs: readonly (readonly [name: string, from: string, dtype: DeviceTensor["dtype"], lifted: boolean])[];

  constructor(private readonly ort: Library, private readonly program: Program, private readonly session: OrtSession, private readonly device: string, private readonly lifted: OnnxModel["lifted"]) {
    const names = outputNames(program);
    this.outputs = program.outputs.map(({ name, type }, k) => [name, names[k]!, type.dtype, lifted.outputs[k]!]);
    this.queue = queueOf(ort);
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    if (this.disposed) throw new UnrollError("UNROLL_DISPOSED", `onnx executable: expected one in use, got program "${this.program.name}" after its dispose(); compile it again`, {});
    const given: Record<string, OrtTensor> = {};
    const borrowed: OnnxTensor[] = [];
    let results: Readonly<Record<string, OrtTensor>>;
    try {
      const { inputs } = this.program;
      for (let k = 0; k < inputs.length; k++) given[inputs[k]!.name] = this.feed(inputs[k]!.name, feeds[inputs[k]!.name], this.lifted.inputs[k]!, borrowed);
      results = await this.queue.run(() => this.session.run(given));
    } catch (cause) {
      if (cause instanceof UnrollError) throw cause;
      throw new UnrollError("UNROLL_ENGINE", `program "${this.program.name}" run: expected ONNX Runtime to run it on ${this.device}, got "${cause instanceof Error ? cause.message : String(cause)}"; see the cause`, { device: this.device }, { cause });
    } finally {
      for (const tensor of borrowed) tensor.release();
    }
    const named: Record<string, DeviceTensor> = {};
    for (const [name, from, dtype, lifted] of this.outputs) named[name] = new OnnxTensor(dtype, results[from]!, lifted);
    return named;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    // Behind the runs that were asked for before.
    void this.queue.run(async () => this.session.release?.());
  }

  private feed(name: string, feed: Feed | undefined, lifted: boolean, borrowed: OnnxTensor[]): OrtTensor {
    if (feed instanceof OnnxTensor) {
      const tensor = feed.borrow();
      borrowed.push(feed);
      // The same memory under the axes that this model has.
      return tensor.dims.length === feed.shape.length + (lifted ? 1 : 0) ? tensor : tensor.reshape(lifted ? [1, ...feed.shape] : feed.shape);
    }
    const host = feed && (isHostTensor(feed) ? feed : feed.readSync?.());
    if (!host) {
      throw new UnrollError("UNROLL_ARGUMENT", `program "${this.program.name}" run: expected a feed for input "${name}" in host memory or of this adapter, got ${feed ? "a tensor of another engine" : "none"}; read() it and feed the result`, { name });
    }
    // The library reads it later than this call, after the caller may have changed it.
    return new this.ort.Tensor(host.dtype, host.data.slice(), lifted ? [1, ...host.shape] : host.shape);
  }
}
