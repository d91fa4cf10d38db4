import tseslint from "typescript-eslint";

// Which folder may import which is .dependency-cruiser.mjs's.
export default tseslint.config(
  {
    ignores: [
      "**/dist/**",
      "**/node_modules/**",
      "**/.snippet-*",
      "docs/api/**",
      "fixtures/**",
      "packages/api/assembly/**",
    ],
  },
  ...tseslint.configs.recommended,
  // The formatter breaks code and leaves strings and comments as they are.
  { rules: { "max-len": ["error", { code: 110, ignoreUrls: true }] } },
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
  { files: ["**/*.test.ts", "**/*.mjs"], rules: { "@typescript-eslint/no-explicit-any": "off" } },
);
