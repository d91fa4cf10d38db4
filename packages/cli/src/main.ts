import { run } from "./run.js";
import { standardOutput } from "./standard-output.js";

// What people would have read is lost with its stream; the exit code still says how it ended.
process.stderr.on("error", () => undefined);

const output = standardOutput(process.stdout, (message) => {
  process.stderr.write(`unroll: ${message}\n`);
  // At once: whatever else would be computed has nobody to go to.
  process.exit(2);
});

process.exitCode = await run(process.argv.slice(2), {
  out: output.write,
  err: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
  cwd: process.cwd(),
  env: process.env,
});
await output.finish();
