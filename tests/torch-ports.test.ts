import { readFileSync } from "node:fs";
import type { HostTensor } from "@unroll/api";
import * as torch from "@unroll/api/torch";
import { readSafetensors } from "@unroll/api/weights";
import { type PortRecord, type RecordedValue, verifyPort } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { engines } from "./engines.js";

// Whole public scripts, written as their authors write them, against what PyTorch computed: at once, and
// traced for every engine.

const load = (name: string) =>
  // The examples are plain JavaScript.
  import(/* @vite-ignore */ new URL(`../examples/pytorch/${name}.mjs`, import.meta.url).href) as Promise<any>;

function recorded(name: string) {
  const file = new URL(`../fixtures/ports/torch/${name}.safetensors`, import.meta.url);
  const { tensors } = readSafetensors(readFileSync(file));
  const of = (key: string): torch.Tensor => {
    const { data, shape, dtype } = tensors[key]!;
    return torch.tensor(
      data instanceof BigInt64Array ? Int32Array.from(data, Number) : Float32Array.from(data as Float32Array),
      shape,
      String(dtype).includes("64") && data instanceof BigInt64Array ? "int64" : "float32",
    );
  };
  const weights = (prefix: string) =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value]),
    );
  return { of, weights, tensors };
}

/**
 * What PyTorch computed is this near the truth, by the notes of the recordings; what is computed in several
 * calls may be as far on the other side. Absolute, or relative to the largest value where that is above 1.
 */
const NEAR = 2 * 7e-7;

function near(got: HostTensor, want: HostTensor, place: string): void {
  expect([place, got.dtype, got.shape]).toEqual([place, want.dtype, want.shape]);
  const scale = Math.max(1, ...Array.from(want.data, Math.abs));
  const off = Math.max(...Array.from(want.data, (value, k) => Math.abs(value - got.data[k]!)));
  expect(off / scale, place).toBeLessThan(NEAR);
}

interface Port {
  readonly recording: string;
  readonly file: string;
  /** Makes the module of the script. */
  make(script: any): any;
  /** What the script does, at once. */
  use?(script: any, module: any, of: (key: string) => torch.Tensor): Record<string, unknown>;
  /** One call of `forward`, which is traced too. */
  forward?(of: (key: string) => torch.Tensor): readonly unknown[];
  /** Names of what `forward` returns. */
  readonly results?: readonly string[];
  readonly prefix?: string;
}

const languageModel = (kind: string, tied: boolean): Port => ({
  recording: `p02_${kind === "RNN" ? "RNN_TANH" : kind}_${tied ? "tied" : "free"}`,
  file: "word-language-model",
  make: ({ RNNModel }) => new RNNModel(kind, 200, 48, 48, 2, 0.5, tied),
  use({ generate }, model, of) {
    const data = of("data");
    const [o1, hidden] = model.call(data, model.initHidden(4));
    const [o2, last] = model.call(data.flip(0), hidden);
    const state = kind === "LSTM" ? { h: last[0], c: last[1] } : { h: last };
    return { o1, o2, ...state, ids: torch.tensor(generate(model, 7, 30), { dtype: "long" }) };
  },
  forward: (of) => {
    const zeros = () => torch.zeros(2, 4, 48);
    return [of("data"), kind === "LSTM" ? [zeros(), zeros()] : zeros()];
  },
  results: ["o1"],
});

const charModel = (kind: string): Port => ({
  recording: `p03_${kind}`,
  file: "char-rnn",
  make: ({ CharRNN }) => new CharRNN(100, 50, 100, kind, 2),
  use({ generate }, model) {
    const [text, logits] = generate(model, "Where", 20);
    return { logits, text };
  },
});

const stacked = (recording: string, cell: string): Port => ({
  recording,
  file: "custom-lstms",
  make: (script) => new script.StackedLSTM(2, script[cell], 6, 8),
  forward: (of) => [
    of("x"),
    [
      [of("s0h"), of("s0c")],
      [of("s1h"), of("s1c")],
    ],
  ],
  results: ["o", "n0h", "n0c", "n1h", "n1c"],
});

const ports: readonly Port[] = [
  {
    recording: "p01a",
    file: "sequence-models",
    make: () => new torch.nn.LSTM(3, 3),
    use: ({ first }, lstm, of) => first(lstm, of("inputs"), of("h0"), of("c0")),
    forward: (of) => [of("inputs"), [of("h0"), of("c0")]],
    results: ["out", "hw", "cw"],
  },
  {
    recording: "p01b",
    file: "sequence-models",
    make: ({ LSTMTagger }) => new LSTMTagger(6, 6, 9, 3),
    forward: (of) => [of("sentence")],
    results: ["out"],
  },
  languageModel("LSTM", true),
  languageModel("GRU", false),
  languageModel("RNN", false),
  charModel("gru"),
  charModel("lstm"),
  {
    recording: "p04",
    file: "name-classifier",
    make: ({ RNN }) => new RNN(57, 128, 18),
    use({ read }, rnn, of) {
      const [outs, h] = read(rnn, of("x"));
      return { outs, h };
    },
  },
  {
    recording: "p05",
    file: "translation",
    prefix: "w.enc.",
    make: ({ EncoderRNN }) => new EncoderRNN(60, 32),
    forward: (of) => [of("src")],
    results: ["eo", "eh"],
  },
  {
    recording: "p05",
    file: "translation",
    prefix: "w.dec.",
    make: ({ AttnDecoderRNN }) => new AttnDecoderRNN(32, 70),
    forward: (of) => [of("eo"), of("eh")],
    results: ["out", "h", "att"],
  },
  {
    recording: "p06",
    file: "time-series",
    make: ({ Sequence }) => new Sequence(),
    forward: (of) => [of("x"), 300],
    results: ["out"],
  },
  {
    recording: "p08",
    file: "sentiment",
    make: ({ RNN }) => new RNN(500, 30, 24, 1, 2, true, 0.5, 1),
    forward: (of) => [of("text"), of("lengths")],
    results: ["out"],
  },
  {
    recording: "p10",
    file: "mnist-rnn",
    make: ({ Net }) => new Net(),
    forward: (of) => [of("x")],
    results: ["out"],
  },
  stacked("p11_lstm", "LSTMCell"),
  stacked("p11_ln", "LayerNormLSTMCell"),
  {
    recording: "p13ma",
    file: "conv-tagger",
    make: ({ BiRecurrentConv }) => new BiRecurrentConv(12, 50, 10, 30, 14, 3, 16, 9),
    forward: (of) => [of("wd"), of("ch")],
    results: ["out"],
  },
  {
    recording: "lstm_pt",
    file: "checkpoints",
    make: ({ network }) => network(),
    forward: (of) => [of("x")],
    results: ["out", "h", "c"],
  },
];

/** Tensors in the order in which a result has them. */
const flat = (value: unknown): HostTensor[] =>
  Array.isArray(value) ? value.flatMap(flat) : [value as HostTensor];

/** A module that returns the first tensors of another's result alone, those that were recorded. */
class First extends torch.nn.Module {
  readonly model: torch.nn.Module;
  readonly count: number;
  constructor(model: torch.nn.Module, count: number) {
    super();
    this.model = model;
    this.count = count;
  }
  forward(...given: unknown[]): unknown {
    return flat(this.model.call(...(given as never[]))).slice(0, this.count);
  }
}

const recordedValue = (value: unknown): RecordedValue =>
  Array.isArray(value)
    ? { kind: "list", items: value.map(recordedValue) }
    : typeof value === "object"
      ? { kind: "tensor", tensor: value as HostTensor }
      : { kind: "plain", value: value as number };

describe.each(ports)("$recording, $file $prefix", (port) => {
  const { of, weights } = recorded(port.recording);
  const held: Record<string, HostTensor> = weights(port.prefix ?? "w.") as never;

  if (port.use)
    it("computes at once what PyTorch computed", async () => {
      const script = await load(port.file);
      const module = port.make(script);
      module.loadStateDict(held);
      for (const [name, value] of Object.entries(port.use!(script, module, of)))
        if (typeof value === "string")
          expect([...value].map((letter) => letter.charCodeAt(0))).toEqual([...of8(port.recording, name)]);
        else near(value as HostTensor, of(name), name);
    });

  if (port.forward)
    it("computes it at once and on every engine, within the bound of its own program", async () => {
      const script = await load(port.file);
      const record: PortRecord = {
        module: port.file,
        weights: Object.fromEntries(Object.entries(held).map(([name, one]) => [`model.${name}`, one])),
        calls: [
          {
            arguments: port.forward!(of).map(recordedValue),
            result: { kind: "list", items: port.results!.map((name) => recordedValue(of(name))) },
          },
        ],
      };
      const adapters = Object.fromEntries(Object.entries(engines).map(([name, make]) => [name, make()]));
      const make = () => new First(port.make(script), port.results!.length);
      const { bounds, checks } = await verifyPort(make, record, { adapters });
      expect(checks.filter(({ status }) => status !== "passed")).toEqual([]);
      expect(bounds).toBe("derived");
      expect(checks).toHaveLength(1 + Object.keys(engines).length);
    }, 600_000);
});

it.each(["lstm.pt", "lstm_old.pt", "lstm_full.pt"])(
  "%s is what torch.save made of that LSTM",
  async (file) => {
    const { of, weights } = recorded("lstm_pt");
    const script = await load("checkpoints");
    const saved = readFileSync(new URL(`../fixtures/ports/torch/${file}`, import.meta.url));
    const module = await script.load(saved);
    const expected = script.network();
    expected.loadStateDict(weights("w."));
    const [[out], [want]] = [module.call(of("x")), expected.call(of("x"))];
    expect(out.data).toEqual(want.data);
  },
);

const of8 = (recording: string, name: string): Uint8Array =>
  recorded(recording).tensors[name]!.data as Uint8Array;
