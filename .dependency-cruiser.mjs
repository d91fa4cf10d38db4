// The boundaries of the design, as a machine holds them. Run by `npm run lint`.

/** Folders of packages/api/src, lowest first: each sees itself and those before it, and nothing after. */
export const layers = [
  "contract",
  "decoding",
  "program",
  "gradient",
  "training",
  "layers",
  "specification",
  "lowering",
  "model",
  "builtin",
  "formats",
  "dialects",
  "cells",
  "config",
  "torch",
  "keras",
  "tf1",
];

const api = "^packages/api/src/";
const tests = "\\.test\\.ts$";

const upward = layers.slice(0, -1).map((folder, k) => ({
  name: `${folder}-sees-only-what-is-below-it`,
  comment: `In the order ${layers.join(", ")}: ${folder} knows nothing of what comes after it.`,
  severity: "error",
  from: { path: `${api}${folder}/`, pathNot: tests },
  to: { path: `${api}(${layers.slice(k + 1).join("|")})/` },
}));

/** Folders beside each other that need nothing of one another, though one stands before the other. */
const apart = [
  // An engine sees programs, and nothing of what they are made from.
  ["builtin", ["layers", "specification", "lowering", "model"]],
  ["formats", ["program", "layers", "specification", "lowering", "model", "builtin"]],
  ["config", ["program", "layers", "specification", "lowering", "model", "formats", "dialects", "cells"]],
  ["keras", ["torch"]],
  ["tf1", ["torch", "keras", "model", "lowering"]],
].map(([folder, others]) => ({
  name: `${folder}-is-apart`,
  comment: `${folder} needs nothing of ${others.join(", ")}.`,
  severity: "error",
  from: { path: `${api}${folder}/`, pathNot: tests },
  to: { path: `${api}(${others.join("|")})/` },
}));

export default {
  forbidden: [
    {
      name: "no-cycle",
      comment: "Files that need each other are one file, or need a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...upward,
    ...apart,
    {
      name: "entries-are-seen-by-none",
      comment: "Files at the top of packages/api/src are entry points: they gather what folders have.",
      severity: "error",
      from: { path: `${api}[^/]+/`, pathNot: tests },
      to: { path: `${api}(index|adapter|weights|core)\\.ts$` },
    },
    {
      name: "adapters-see-the-contract",
      comment: "An adapter imports @unroll/api/adapter and nothing else of ours.",
      severity: "error",
      from: { path: "^packages/adapter-[^/]+/src/" },
      to: { path: "^(packages/api/src/|conformance/|packages/cli/)", pathNot: `${api}adapter\\.ts$` },
    },
    {
      name: "formats-see-tensors",
      comment: "A reader of files imports errors and named tensors of ours, and nothing else.",
      severity: "error",
      from: { path: "^packages/formats/src/", pathNot: "^packages/formats/src/(onnx|models)/" },
      to: {
        path: "^(packages/|conformance/)(?!formats/)",
        pathNot: `${api}(adapter|weights)\\.ts$`,
      },
    },
    {
      name: "graphs-see-entry-points",
      comment:
        "What makes a model of a graph sees what everybody sees: entry points, and nothing behind them.",
      severity: "error",
      from: { path: "^packages/formats/src/onnx/" },
      to: {
        path: "^(packages/|conformance/)(?!formats/)",
        pathNot: `${api}(index|adapter|weights|cells/index|torch/index)\\.ts$`,
      },
    },
    {
      name: "readers-see-no-graphs",
      comment: "A page that reads weights alone has no operators.",
      severity: "error",
      from: { path: "^packages/formats/src/[^/]+\\.ts$", pathNot: "/index\\.ts$" },
      to: { path: "^packages/formats/src/onnx/" },
    },
    {
      name: "readers-know-no-models",
      comment: "Who reads tensors alone loads nothing of what makes models of them.",
      severity: "error",
      from: { path: "^packages/formats/src/", pathNot: "^packages/formats/src/models/" },
      to: { path: "^packages/formats/src/models/" },
    },
    {
      name: "models-see-the-faces",
      comment:
        "What makes a model of a file gives it to the face of its framework, and sees no more of ours.",
      severity: "error",
      from: { path: "^packages/formats/src/models/" },
      to: {
        path: "^(packages/|conformance/)(?!formats/)",
        pathNot: `${api}(adapter\\.ts|weights\\.ts|(keras|tfjs)/index\\.ts)$`,
      },
    },
    {
      name: "the-oracle-shares-nothing",
      comment: "The oracle takes types of @unroll/api, and no value of what it judges.",
      severity: "error",
      from: { path: "^conformance/src/oracle/" },
      to: { path: "^(packages/|conformance/src/(?!oracle/))", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "the-oracle-knows-the-api-alone",
      comment: "Not even types of what lies behind @unroll/api.",
      severity: "error",
      from: { path: "^conformance/src/oracle/" },
      to: { path: "^packages/", pathNot: `${api}index\\.ts$` },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "/dist/"] },
    exclude: { path: ["node_modules", "/dist/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    includeOnly: "^(packages|conformance|tests)/",
  },
};
