import tseslint from "typescript-eslint";

// The dependency direction of the design: an adapter sees the adapter contract and nothing else of ours;
// inside the api package, lower layers do not reach up.
const forbid = (...patterns) => ({
  "no-restricted-imports": ["error", { patterns: patterns.map(([group, message]) => ({ group, message })) }],
});

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**", "fixtures/**"] },
  ...tseslint.configs.recommended,
  {
    files: ["packages/*/src/**/*.ts", "conformance/src/**/*.ts"],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  {
    files: ["packages/adapter-*/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    // By regex: a negated glob can't let one path of a refused package through.
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^@unroll/(?!api/adapter$)|/api/src/",
              message: "adapters import @unroll/api/adapter and nothing else of ours",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["packages/api/src/contract/**/*.ts"],
    rules: forbid([
      [
        "../specification/*",
        "../layers/*",
        "../lowering/*",
        "../model/*",
        "../builtin/*",
        "../torch/*",
        "../keras/*",
        "../dialects/*",
      ],
      "the contract knows nothing above it",
    ]),
  },
  {
    files: ["packages/api/src/{program,builtin}/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: forbid([
      [
        "../specification/*",
        "../lowering/*",
        "../model/*",
        "../torch/*",
        "../keras/*",
        "../dialects/*",
        "../config/*",
      ],
      "programs and engines know nothing of specs",
    ]),
  },
  {
    files: ["packages/api/src/{specification,layers,lowering,model}/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: forbid([
      ["../torch/*", "../keras/*", "../dialects/*", "../formats/*", "../config/*", "../builtin/*"],
      "the core knows no framework and no engine",
    ]),
  },
  {
    files: ["conformance/src/oracle/**/*.ts"],
    rules: forbid([
      ["**/program/**", "**/lowering/**", "@unroll/adapter-*", "@unroll/api/adapter"],
      "the oracle shares no code with what it judges",
    ]),
  },
  { files: ["**/*.test.ts", "**/*.mjs"], rules: { "@typescript-eslint/no-explicit-any": "off" } },
);
