// Compiles the SIMD kernels of the builtin engine to WebAssembly, and writes them as a module of text.
//
//   node scripts/build-kernels.mjs
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const api = fileURLToPath(new URL("../packages/api/", import.meta.url));
const target = join(api, "src/builtin/simd/kernels-binary.ts");

/** The module's text, from its sources. */
export async function kernelsModule() {
  const folder = mkdtempSync(join(tmpdir(), "kernels-"));
  try {
    const file = join(folder, "kernels.wasm");
    const { error, stderr } = await asc.main([
      join(api, "assembly/kernels.ts"),
      ...["--outFile", file, "--enable", "simd", "--runtime", "stub", "--importMemory", "--noExportMemory"],
      ...["--initialMemory", "1", "--noAssert", "--optimizeLevel", "3", "--converge", "--use", "abort="],
      // Behind what the kernels use to work on; see START in heap.ts.
      ...["--memoryBase", "64"],
    ]);
    if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
    const lines = readFileSync(file)
      .toString("hex")
      .match(/.{1,100}/g);
    return [
      "/**",
      " * The kernels' module, by `scripts/build-kernels.mjs` from `packages/api/assembly`: hexadecimal,",
      " * which a page's compression makes smaller than base64, by a quarter.",
      " */",
      "export const kernelsBinary =",
      ...lines.map((line, k) => `  "${line}"${k < lines.length - 1 ? " +" : ";"}`),
      "",
    ].join("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await kernelsModule());
