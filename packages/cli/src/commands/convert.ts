import { lower, unrollError } from "@unroll/api";
import type { AddCommand } from "../command.js";
import { jsonLine } from "../escaped.js";
import type { Io } from "../io.js";
import { loadModel } from "../model/load-model.js";
import { reportFile } from "../report-file.js";
import { table } from "../table.js";

interface Options {
  readonly mode: string;
  readonly states: string;
  readonly lengths?: boolean;
  readonly json?: boolean;
}

/** `unroll convert`: a model as an ONNX file, for whatever runs ONNX. */
export const convertCommand: AddCommand = (program, io) => {
  program
    .command("convert")
    .description("Write a model as an ONNX file, whole sequences or one step")
    .argument("<model>", "folder with NAME.json and NAME.safetensors")
    .argument("<out>", "an .onnx file; one that exists is written over")
    .option("--mode <mode>", "sequence or step", "sequence")
    .option("--states <how>", "inputs: fed and put out; zeros: every run begins anew", "inputs")
    .option("--lengths", "feed the length of each row of a sequence")
    .option("--json", "print one JSON object")
    .action(async (folder: string, out: string, options: Options) => {
      if (!out.endsWith(".onnx")) throw refused("<out>", "a file named *.onnx", `"${out}"`);
      const mode = oneOf("--mode", options.mode, ["sequence", "step"]);
      const states = oneOf("--states", options.states, ["inputs", "zeros"]);
      if (options.lengths && mode === "step")
        throw refused("--lengths", "it with --mode sequence", "--mode step, which has one step in each row");
      if (states === "zeros" && mode === "step")
        throw refused("--states", "inputs for --mode step", "zeros, from which a step would begin each time");
      const { onnxFile } = await onnxPackage();
      const { spec, weights, vocab } = await loadModel(io, folder);
      const file = await reportFile(io, "<out>", out);
      const ends = options.lengths ? { extents: { time: "lengths" as const } } : {};
      // Ids of characters say nothing without it.
      const metadata = { "unroll.vocabulary": JSON.stringify(vocab) };
      const written = onnxFile(lower(spec, { mode, ...ends }), weights, { states, metadata });
      await file.write(written.bytes);
      const { bytes, ...rest } = written;
      if (options.json) io.out(jsonLine({ file: out, bytes: bytes.length, ...rest }));
      else print(io, out, written);
    });
};

type Written = ReturnType<typeof import("@unroll/adapter-onnx").onnxFile>;

function print(io: Io, out: string, { bytes, inputs, outputs, states }: Written): void {
  const next = new Map(states.map(({ input, output }) => [output, input]));
  const row = (what: string) => (value: Written["inputs"][number]) => [
    what,
    value.name,
    value.dtype,
    `[${value.shape.join(", ")}]`,
    next.get(value.name) ?? "",
  ];
  io.out(
    table(
      ["", "name", "dtype", "shape", "fed next as"],
      [...inputs.map(row("input")), ...outputs.map(row("output"))],
      [],
    ),
  );
  io.out(`\n${out}: ${bytes.length.toLocaleString("en")} bytes, operator set 17\n`);
}

/** The package that writes the format. @throws UNROLL_CONFIG where it is not installed */
async function onnxPackage(): Promise<typeof import("@unroll/adapter-onnx")> {
  try {
    return await import("@unroll/adapter-onnx");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw unrollError({
      code: "UNROLL_CONFIG",
      place: "unroll convert",
      expected: "@unroll/adapter-onnx, which writes the format",
      got: "it not installed",
      cure: "npm install @unroll/adapter-onnx",
      cause,
    });
  }
}

const refused = (place: string, expected: string, got: string): Error =>
  unrollError({ code: "UNROLL_ARGUMENT", place, expected, got, cure: "see unroll convert --help" });

function oneOf<T extends string>(option: string, value: string, all: readonly T[]): T {
  const found = all.find((one) => one === value);
  if (found !== undefined) return found;
  throw refused(option, all.join(" or "), `"${value}"`);
}
