import { type CellSpec, type LayerSpec, type Spec, specWeights, whyNotSteppable } from "@unroll/api";
import { type Node, primitiveNames, type Program } from "@unroll/api/adapter";
import * as fc from "fast-check";
import { type Case, describeCase, type Memory } from "../src/cases/case.js";
import { cases } from "../src/cases/cases.js";
import { describeLife, knownLives, lives } from "../src/cases/lives.js";
import { edgePrimitives, edgeProgram } from "../src/cases/primitive-edges.js";
import { edgeLayerNames, layerEdgeProgram } from "../src/cases/layer-edges.js";
import { longForms } from "../src/cases/long-forms.js";
import { primitiveForms } from "../src/cases/primitive-forms.js";
import { primitiveCases, primitiveProgram } from "../src/cases/primitive-programs.js";
import { drawnPrimitives } from "../src/cases/program-moves.js";
import { type ProgramCase, programs } from "../src/cases/programs.js";
import { knownScans, scanCases, scanProgram } from "../src/cases/scan-programs.js";
import { sizeCase, sizeCases } from "../src/cases/sizes.js";

/** A case's classes, as words; the same of every case with the same. */
type Words = Iterable<string>;

const text = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));
const unnumbered = (name: string): string => name.replace(/\d+/g, "#");

function* fieldsOf(kind: string, fields: object): Words {
  for (const [name, value] of Object.entries(fields)) {
    if (["inputSize", "name", "step", "stateShapes"].includes(name)) continue;
    if (typeof value === "string") yield `${kind} ${name} ${unnumbered(value)}`;
    else if (value === null || typeof value !== "object") yield `${kind} ${name} ${String(value)}`;
    else if (Array.isArray(value)) yield `${kind} ${name} ${unnumbered(value.join(" "))}`;
    else if ("kind" in value) yield* cellWords(kind, value as CellSpec);
    else yield `${kind} ${name} of ${Object.keys(value as object).join(" ")}`;
  }
}

function* cellWords(where: string, cell: CellSpec): Words {
  if (cell.kind === "custom") yield `${where} of custom ${cell.name}`;
  else yield* fieldsOf(cell.kind, cell);
  yield `${where} of ${cell.kind}`;
  yield `cell inputSize ${cell.inputSize}`;
}

function* specWords(spec: Spec): Words {
  for (const layer of spec.layers as readonly LayerSpec[]) {
    yield* fieldsOf(layer.type, layer);
    yield `layer ${unnumbered(layer.name)}`;
  }
  for (const input of spec.inputs) yield* fieldsOf("input", input);
  yield `outputs ${unnumbered(spec.outputs.join(" "))}`;
  const recurrent = spec.layers.filter(({ type }) => type === "recurrent" || type === "bidirectional");
  yield `${recurrent.length} recurrent layers`;
  yield whyNotSteppable(spec) === null ? "steppable" : "not steppable";
}

function* endsOf(of: string, { lengths, mask, time }: Pick<Memory, "lengths" | "mask" | "time">): Words {
  yield `${of} ends by ${lengths ? "lengths" : mask ? "mask" : "nothing"}`;
  if (lengths?.includes(0)) yield `${of} of length 0`;
  if (lengths?.includes(time)) yield `${of} of full length`;
  if (lengths?.some((length) => length > 0 && length < time)) yield `${of} of some length`;
  for (const steps of mask ?? []) {
    const marks = steps.map((real) => (real ? "t" : "f")).join("");
    if (!steps.includes(true)) yield `${of} masked whole`;
    if (!steps.includes(false)) yield `${of} masked nowhere`;
    if (/tf+t/.test(marks)) yield `${of} masked with a gap`;
    if (/^f+t/.test(marks)) yield `${of} masked at the start`;
    if (/tf+$/.test(marks)) yield `${of} masked at the end`;
  }
}

function* caseWords(given: Case): Words {
  const { spec, batch, time, memory, state, cuts, x, weights } = given;
  yield* specWords(spec);
  yield `batch ${batch}`;
  yield `time ${time <= 8 ? time : time > 64 ? "past 64" : "past 8"}`;
  yield* endsOf("input", given);
  if (memory) yield `memory time ${memory.time}`;
  if (memory) yield* endsOf("memory", memory);
  yield state === null ? "no state" : "a state";
  yield `${cuts.length} cuts`;
  yield cuts.every((cut) => cut > 0 && cut < time) ? "cuts inside" : "cuts at an end";
  const coarse =
    x.dtype === "float32" && x.data.every((value) => (8 * value) % 2 !== 0 && (8 * value) % 1 === 0);
  yield coarse ? "coarse" : "fine";
  if (coarse)
    for (const { name, shape } of specWeights(spec))
      if (name.endsWith(".kernel") && shape[0]! <= 4)
        yield `coarse weight ${Math.max(...weights[name]!.data.map(Math.abs))}`;
  const kinds = spec.layers.flatMap((layer) =>
    layer.type === "recurrent" ? [layer.direction] : layer.type === "bidirectional" ? [layer.type] : [],
  );
  yield `${kinds.join(" then ")}, ${given.lengths ? "lengths" : given.mask ? "mask" : "whole"}`;
}

/** The nodes of a program, those within others too. */
function* nodesOf(nodes: readonly Node[], depth = 0): Iterable<readonly [Node, number]> {
  for (const node of nodes) {
    yield [node, depth];
    if (node.kind !== "primitive") yield* nodesOf(node.body.nodes, depth + 1);
  }
}

function* programWords({ inputs, params, outputs, nodes }: Program): Words {
  yield `${outputs.length} outputs`;
  yield `${params.length === 0 ? "no" : "some"} params, ${inputs.length === 0 ? "no" : "some"} inputs`;
  for (const [node, depth] of nodesOf(nodes)) {
    if (node.kind === "scan") {
      const captures = node.inputs.length - node.carries - node.sequences;
      const parts = `${node.carries} carries, ${node.sequences} sequences, ${captures} captures`;
      yield `scan at depth ${depth}, ${node.reverse ? "reversed" : "forward"}, ${parts}`;
      continue;
    }
    if (node.kind === "composite") continue;
    const { value, ...attrs } = node.attrs as Record<string, unknown>;
    yield `${node.op} of ${new Set(node.inputs).size} in ${node.inputs.length} operands`;
    yield `${node.op} ${JSON.stringify(attrs)}${typeof value === "number" ? ` of ${text(value)}` : ""}`;
    yield `${node.op} to ${node.outputs[0]!.type.dtype} of rank ${node.outputs[0]!.type.shape.length}`;
  }
}

function* programCaseWords({ program, feeds }: ProgramCase): Words {
  yield* programWords(program);
  yield `batch ${feeds["a"]!.shape[0]}`;
}

function* numbersIn(value: unknown, path: string): Words {
  if (value === null || typeof value === "string") yield `${path} ${String(value)}`;
  else if (typeof value === "number") yield value > 10 ? `${path} large` : `${path} ${value}`;
  else if (Array.isArray(value)) {
    yield `${path} ${value.length} long`;
    for (const one of value) yield* numbersIn(one, path);
  } else for (const [name, own] of Object.entries(value as object)) yield* numbersIn(own, `${path} ${name}`);
}

/** How often each class comes among some. */
function counted<T>(all: readonly T[], words: (one: T) => Words): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of all)
    for (const word of new Set(words(one))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

const sampled = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] =>
  fc.sample(arbitrary, { seed: 17, numRuns });

/** What is drawn, by class, and how often: by chance of those that are drawn, else once. */
export const drawn: Readonly<Record<string, () => ReadonlyMap<string, number>>> = {
  cases: () => counted(sampled(cases(), 2000), caseWords),
  "cases without a memory": () => counted(sampled(cases({ axes: false }), 600), caseWords),
  "cases that step": () =>
    counted(sampled(cases({ steppable: true, extent: "none", minBatch: 2 }), 800), caseWords),
  "cases that hold values in": () =>
    counted(sampled(cases({ bounded: true, custom: false, depth: 2 }), 600), caseWords),
  lives: () =>
    counted(sampled(lives(), 500), function* ({ models, acts }) {
      yield `${models.length} models`;
      yield `${acts.length} acts`;
      for (const act of acts) yield* numbersIn(act, act.do);
    }),
  programs: () => counted(sampled(programs(), 1500), programCaseWords),
  "known lives": () => counted(knownLives(), (life) => [describeLife(life)]),
  "primitives of programs": () => counted(drawnPrimitives, (op) => [op]),
  "forms of primitives": () =>
    counted(primitiveNames, (op) => primitiveForms[op].map(({ label }, k) => `${op} ${label}, ${k}`)),
  "long forms of primitives": () =>
    counted(primitiveNames, (op) => longForms[op].map(({ label }) => `${op} ${label}`)),
  "primitives in every form": () =>
    counted(
      primitiveCases.flatMap((at, k) => [0, 1, 2].map((seed) => ({ ...at, batch: 1 + (k % 3), seed }))),
      function* (given) {
        const { program, feeds, weights } = primitiveProgram(given);
        yield `${given.op} in a ${given.place}`;
        for (const [node, depth] of nodesOf(program.nodes))
          if (node.kind === "scan")
            yield `${given.place}: scan at depth ${depth} ${node.reverse ? "reversed" : "forward"}`;
        const { nodes } = program;
        const constants = nodes.filter((node) => node.kind === "primitive" && node.op === "constant").length;
        // Where operands come from, of two primitives for all.
        if (given.op !== "add" && given.op !== "select") return;
        const sizes = [
          program.inputs.length,
          Object.keys(weights).length,
          constants,
          Object.keys(feeds).length,
        ];
        yield `${given.op} in a ${given.place}, seed ${given.seed}: ${sizes.join(" ")}`;
        for (const word of programWords(program)) if (/^scan/.test(word)) yield `${given.place}: ${word}`;
      },
    ),
  "edges of primitives": () =>
    counted(edgePrimitives, function* (op) {
      for (const [name, { data }] of Object.entries(edgeProgram(op).feeds)) {
        for (const value of data) yield `${name.replace(/\d+/, "#")} has ${text(value)}`;
      }
    }),
  "known scans": () => counted(knownScans, (given) => programWords(scanProgram(given).program)),
  scans: () =>
    counted(sampled(scanCases(), 300), function* (given) {
      yield* numbersIn(given, "scan");
    }),
  "edges of layers": () =>
    counted(edgeLayerNames, function* (name) {
      for (const mode of ["sequence", "step"] as const)
        for (const finite of [true, false])
          for (const value of layerEdgeProgram(name, mode, finite).feeds["x"]!.data)
            yield `${name}, ${mode}${finite ? "" : " with infinities"} has ${text(value)}`;
    }),
  sizes: () =>
    counted(sizeCases, function* ({ axis, size }) {
      yield `${axis} of ${size}`;
      for (const seed of size > 600 ? [] : [0, 1, 2, 3, 4, 5]) {
        const given = sizeCase({ axis, size, seed });
        const [layers, ends] = describeCase(given).split("; ") as [string, string];
        yield `${axis}: ${layers.replace(/\d+/g, "#")}`;
        yield `${axis}: ${ends.replace(/lengths \[.*?\]/g, "lengths").replace(/\d+/g, "#")}`;
        if (size === 4 || size === 8) yield `${axis} of ${size}: ${layers}`;
      }
    }),
};
