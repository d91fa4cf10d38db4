import type { HostTensor, Node } from "@unroll/api/adapter";
import { compositesOf, faultOfComposites, withinBody } from "./planting/composites.js";
import { fault, type Fault } from "./planting/fault.js";
import { changeNamed } from "./planting/weights.js";

const transposed = ({ shape: [size], data }: HostTensor): Float32Array =>
  Float32Array.from(data, (_, k) => data[(k % size!) * size! + Math.floor(k / size!)]!);

/** A reversed loop whose output is what it carries on. */
const late = (node: Node): Node =>
  node.kind === "scan" && node.reverse
    ? { ...node, body: { ...node.body, outputs: [node.body.outputs[0]!, node.body.outputs[0]!] } }
    : node;

/** What is compared with the first step of a row. */
const sooner = (node: Node): Node =>
  node.kind === "primitive" && node.op === "constant" && node.attrs["dtype"] === "int32"
    ? { ...node, attrs: { ...node.attrs, value: [-1] } }
    : node;

/** Conditional random fields. */
export const crf: readonly Fault[] = [
  fault(
    "crf-transitions-the-other-way",
    "transitions are read as those to a tag from each other one",
    "CRFs of some projects keep transitions[to, from]; pytorch-crf and TensorFlow [from, to]",
    { weights: changeNamed("tagger.transitions", transposed) },
  ),
  fault(
    "crf-last-tag-not-scored",
    "what a row's last tag scores is left out",
    "a CRF of TensorFlow, which has transitions alone, given the weights of pytorch-crf",
    { weights: changeNamed("tagger.end", ({ data }) => new Float32Array(data.length)) },
  ),
  faultOfComposites(
    "crf-path-a-step-late",
    "the path has each tag one step too late",
    "a backtrace that follows the pointer before it writes the tag",
    (node) => withinBody(node, late),
    compositesOf("crfDecode"),
  ),
  faultOfComposites(
    "crf-partition-from-before-the-first-step",
    "the sum over paths begins with a transition from a tag that is not there",
    "a forward recursion whose scores start as zeros rather than with the first step's",
    (node) => withinBody(node, sooner),
    compositesOf("crfPartition"),
  ),
];
