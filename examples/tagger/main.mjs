// Tags a sentence: node examples/tagger/main.mjs "The whale swam past ." The engine comes from
// unroll.config.* or UNROLL_ADAPTER.
import { readFile } from "node:fs/promises";
import { resolveAdapter } from "@unroll/api/config";
import { loadTagger } from "./tagger.mjs";

const model = new URL("../../fixtures/models/tagger/", import.meta.url);
const sentence = (process.argv[2] ?? "In the end the old captain never found the white whale .").split(" ");
const tagger = await loadTagger({
  adapter: await resolveAdapter(),
  about: JSON.parse(await readFile(new URL("tagger.json", model), "utf8")),
  file: await readFile(new URL("tagger.safetensors", model)),
});
const [tags] = await tagger.tag([sentence]);
console.log(sentence.map((word, k) => `${word}/${tags[k]}`).join(" "));
tagger.dispose();
