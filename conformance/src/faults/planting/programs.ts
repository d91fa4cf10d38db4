import type { CompositeNode, Node, Program, ScanNode } from "@unroll/api/adapter";
import type { Break } from "./fault.js";

export const recurrentOf = (node: Node): node is CompositeNode =>
  node.kind === "composite" && /^(lstm|gru|simpleRnn)(Cell)?$/.test(node.op);

export const attentionOf = (node: Node): node is CompositeNode =>
  node.kind === "composite" && node.op === "attention";

/** Attributes of recurrent nodes changed. */
export const changeAttrs =
  (f: (attrs: CompositeNode["attrs"], node: CompositeNode) => CompositeNode["attrs"]) =>
  (program: Program): Program => ({
    ...program,
    nodes: program.nodes.map((node) => (recurrentOf(node) ? { ...node, attrs: f(node.attrs, node) } : node)),
  });

/** Recurrent nodes without one of their inputs. */
export const withoutInput =
  (name: string, which: (node: CompositeNode) => boolean = () => true) =>
  (program: Program): Program => ({
    ...program,
    nodes: program.nodes.map((node) => {
      if (!recurrentOf(node) || !which(node)) return node;
      const keep = node.inputNames.map((own) => own !== name);
      return {
        ...node,
        inputNames: node.inputNames.filter((_, k) => keep[k]),
        inputs: node.inputs.filter((_, k) => keep[k]),
        body: { ...node.body, inputs: node.body.inputs.filter((_, k) => keep[k]) },
      };
    }),
  });

/** The loops that a program has for itself, as those of custom cells, changed. */
export const changeScans = (f: (scan: ScanNode) => ScanNode): Break => ({
  program: (program) => ({
    ...program,
    nodes: program.nodes.map((node) => (node.kind === "scan" ? f(node) : node)),
  }),
});
