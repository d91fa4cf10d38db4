import { readFileSync } from "node:fs";
import type { HostTensor } from "@unroll/api";
import type { Adapter } from "@unroll/api/adapter";
import * as torch from "@unroll/api/torch";
import { readSafetensors } from "@unroll/api/weights";
import { compareWithBound } from "@unroll/conformance";
import { describe, expect, it } from "vitest";
import { deriveProgramBounds, type ProgramBounds } from "../conformance/src/properties/hold-program.js";
import { traceProgram } from "../packages/api/src/torch/execute-traced.js";
import { engines } from "./engines.js";
import { type Counterpart, counterparts } from "./torch-modules-counterparts.js";

// Modules and functions of PyTorch's own against what it computed: at once, and traced for every engine.

interface Recorded {
  readonly module: string;
  readonly arguments: string;
  /** Inputs that the arguments read. */
  readonly inputs: readonly string[];
  /** How many tensors come out. */
  readonly results: number;
}

const folder = new URL("../fixtures/torch-modules/", import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8")) as {
  cases: readonly Recorded[];
};
const { tensors } = readSafetensors(readFileSync(new URL("tensors.safetensors", folder)));

const recorded = (name: string): torch.Tensor => {
  const { dtype, shape, data } = tensors[name]!;
  const own = { F32: "float32", I64: "int64", BOOL: "bool" } as const;
  return torch.tensor(Array.from(data as ArrayLike<number | bigint>, Number), shape, own[dtype as "F32"]);
};

const textOf = ({ module, arguments: given }: Recorded): string => `${module} | ${given}`;

/** The call of a case in a module of its own, whose weights are loaded. */
class Case extends torch.nn.Module {
  readonly own: torch.nn.Module | null;

  constructor(
    private readonly counterpart: Counterpart,
    private readonly names: readonly string[],
    number: number,
  ) {
    super();
    this.own = counterpart.make?.() ?? null;
    const weights = Object.entries(tensors).filter(([name]) => name.startsWith(`${number}.w.`));
    this.own?.loadStateDict(
      Object.fromEntries(weights.map(([name, value]) => [name.slice(`${number}.w.`.length), value])),
    );
  }

  forward(...inputs: torch.Tensor[]): unknown {
    const given = Object.fromEntries(this.names.map((name, k) => [name, inputs[k]!]));
    return this.counterpart.call!(given, this.own);
  }
}

/** Tensors in the order in which a result has them, without what is none. */
const flat = (value: unknown): HostTensor[] =>
  Array.isArray(value) ? value.flatMap(flat) : value === null ? [] : [value as HostTensor];

describe.each(cases.map((one, number) => [textOf(one), one, number] as const))("%s", (text, one, number) => {
  const given = one.inputs.map((name) => recorded(`in.${name}`));
  const made = (adapter?: Adapter): Case => {
    const module = new Case(counterparts[text]!, one.inputs, number);
    return adapter ? module.to(adapter) : module;
  };
  let derived: ProgramBounds | undefined;
  /** The truth and its bound, of what the call comes to as a program. */
  const truth = (module: Case): ProgramBounds => {
    const forward = (...inputs: never[]): unknown => module.forward(...inputs);
    const plain = given.map(({ dtype, shape, data }) => ({ dtype, shape, data }));
    const { program, weights, captured } = traceProgram({ forward }, plain, module.namedModules());
    const feeds = Object.fromEntries([
      ...plain.map((value, k) => [`argument.${k}`, value] as const),
      ...captured.map(({ name, tensor }) => [name, tensor] as const),
    ]);
    return (derived ??= deriveProgramBounds({ program, weights, feeds }, "f32"));
  };
  const holds = (module: Case, result: unknown): void => {
    const { exact, bounds } = truth(module);
    const results = flat(result);
    expect(results.length).toBe(one.results);
    results.forEach((got, k) => {
      const want = recorded(`${number}.${k}`);
      expect([got.dtype, got.shape]).toEqual([want.dtype, want.shape]);
      for (const [whose, data] of [
        ["here", got],
        ["in PyTorch", want],
      ] as const)
        expect(
          compareWithBound(data, exact[`result.${k}`]!, bounds[`result.${k}`]!).firstBadIndex,
          whose,
        ).toBe(-1);
    });
  };

  it("computes at once what PyTorch computed", () => {
    const module = made();
    holds(module, (module as { call(...inputs: unknown[]): unknown }).call(...given));
  });

  it.each(Object.keys(engines))("and traced on %s", async (engine) => {
    const module = made(engines[engine]!());
    holds(module, await module.run(...given));
    module.dispose();
  });
});

describe("the recorded cases", () => {
  it("have a counterpart each", () => {
    expect(Object.keys(counterparts).sort()).toEqual(cases.map(textOf).sort());
  });
});
