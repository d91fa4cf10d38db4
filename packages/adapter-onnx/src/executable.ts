import {
  type DeviceTensor,
  type Executable,
  type Feed,
  isHostTensor,
  type Program,
  UnrollError,
  unrollError,
} from "@unroll/api/adapter";
import type { Library, OrtSession, OrtTensor } from "./library.js";
import { outputNames } from "./onnx-model.js";
import { OnnxTensor } from "./onnx-tensor.js";
import { type Queue, queueOf } from "./queue.js";

/** A session. Its runs wait their turn, each with the feeds it was given. */
export class OnnxExecutable implements Executable {
  private disposed = false;
  private readonly queue: Queue;
  private readonly outputs: readonly (readonly [name: string, from: string, dtype: DeviceTensor["dtype"]])[];

  constructor(
    private readonly ort: Library,
    private readonly program: Program,
    private readonly session: OrtSession,
    private readonly device: string,
  ) {
    const names = outputNames(program);
    this.outputs = program.outputs.map(({ name, type }, k) => [name, names[k]!, type.dtype]);
    this.queue = queueOf(ort);
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    if (this.disposed)
      throw unrollError({
        code: "UNROLL_DISPOSED",
        place: "onnx executable",
        expected: "one in use",
        got: `program "${this.program.name}" after its dispose()`,
        cure: "compile it again",
      });
    const given: Record<string, OrtTensor> = {};
    const borrowed: OnnxTensor[] = [];
    let results: Readonly<Record<string, OrtTensor>>;
    try {
      for (const { name } of this.program.inputs) given[name] = this.feed(name, feeds[name], borrowed);
      results = await this.queue.run(() => this.session.run(given));
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

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    // Behind the runs that were asked for before.
    void this.queue.run(async () => this.session.release?.());
  }

  private feed(name: string, feed: Feed | undefined, borrowed: OnnxTensor[]): OrtTensor {
    if (feed instanceof OnnxTensor) {
      const tensor = feed.borrow();
      borrowed.push(feed);
      return tensor;
    }
    const host = feed && (isHostTensor(feed) ? feed : feed.readSync?.());
    if (!host) {
      throw unrollError({
        code: "UNROLL_ARGUMENT",
        place: `program "${this.program.name}" run`,
        expected: `a feed for input "${name}" in host memory or of this adapter`,
        got: feed ? "a tensor of another engine" : "none",
        cure: "read() it and feed the result",
        details: { name },
      });
    }
    // The library reads it later than this call, after the caller may have changed it.
    return new this.ort.Tensor(host.dtype, host.data.slice(), host.shape);
  }
}
