import { build } from "esbuild";
import { readFileSync } from "node:fs";
const src = readFileSync("scripts/check-size.mjs","utf8");
const m = [...src.matchAll(/source: `([\s\S]*?)`/g)].map(x=>x[1]);
const r = await build({stdin:{contents:m[+process.argv[2]],resolveDir:"packages/api/src"},bundle:true,minify:true,format:"esm",platform:"browser",target:"es2022",write:false,metafile:true, alias:{"@unroll/api/core":"./packages/api/src/core.ts","@unroll/api":"./packages/api/src/index.ts"}});
const out = Object.values(r.metafile.outputs)[0].inputs;
console.log(r.outputFiles[0].contents.length);
for (const [k,v] of Object.entries(out).sort((a,b)=>b[1].bytesInOutput-a[1].bytesInOutput).slice(0,40)) console.log(v.bytesInOutput,k);
