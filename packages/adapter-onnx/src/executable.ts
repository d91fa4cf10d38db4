import { type DeviceTensor, type Executable, type Feed, isHostTensor, type Program, UnrollError } from "@unroll/api/adapter";
import type { Library, OrtSession, OrtTensor } from "./library.js";
import { outputNames } from "./model.js";
import { OnnxTensor } from "./onnx-tensor.js";

/** A session. Its runs follow one another: ONNX Runtime's web build does not take the next before the last is done. */
export class OnnxExecutable implements Executable {
  private last: Promise<unknown> | undefined;
  private disposed = false;
  private readonly outputs: readonly (readonly [name: string, from: string, dtype: DeviceTensor["dtype"]])[];

  constructor(private readonly ort: Library, private readonly program: Program, private readonly session: OrtSession, private readonly device: string) {
    const names = outputNames(program);
    this.outputs = program.outputs.map(({ name, type }, k) => [name, names[k]!, type.dtype]);
  }

  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, DeviceTensor>> {
    if (this.disposed) throw new UnrollError("UNROLL_DISPOSED", `onnx executable: expected one in use, got program "${this.program.name}" after its dispose(); compile it again`, {});
    const given: Record<string, OrtTensor> = {};
    const borrowed: OnnxTensor[] = [];
    try {
      for (const { name } of this.program.inputs) given[name] = this.feed(name, feeds[name], borrowed);
      return await this.queued(given);
    } finally {
      for (const tensor of borrowed) tensor.release();
    }
  }

  /** Runs after the run before, whether that one failed or not. */
  private async queued(given: Readonly<Record<string, OrtTensor>>): Promise<Record<string, DeviceTensor>> {
    const before = this.last;
    const run = before ? before.then(() => this.session.run(given)) : this.session.run(given);
    const settled: Promise<unknown> = run.then(() => undefined, () => undefined);
    this.last = settled;
    let results: Readonly<Record<string, OrtTensor>>;
    try {
      results = await run;
    } catch (cause) {
      throw new UnrollError("UNROLL_ENGINE", `program "${this.program.name}" run: expected ONNX Runtime to run it on ${this.device}, got "${cause instanceof Error ? cause.message : String(cause)}"; see the cause`, { device: this.device }, { cause });
    } finally {
      if (this.last === settled) this.last = undefined;
    }
    const named: Record<string, DeviceTensor> = {};
    for (const [name, from, dtype] of this.outputs) named[name] = new OnnxTensor(dtype, results[from]!);
    return named;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    const release = async (): Promise<void> => {
      await this.last;
      await this.session.release?.();
    };
    void release();
  }

  private feed(name: string, feed: Feed | undefined, borrowed: OnnxTensor[]): OrtTensor {
    if (feed instanceof OnnxTensor) {
      const tensor = feed.borrow();
      borrowed.push(feed);
      return tensor;
    }
    const host = feed && (isHostTensor(feed) ? feed : feed.readSync?.());
    if (!host) {
      throw new UnrollError("UNROLL_ARGUMENT", `program "${this.program.name}" run: expected a feed for input "${name}" in host memory or of this adapter, got ${feed ? "a tensor of another engine" : "none"}; read() it and feed the result`, { name });
    }
    // The library reads it later than this call, after the caller may have changed it.
    return new this.ort.Tensor(host.dtype, host.data.slice(), host.shape);
  }
}
