#!/usr/bin/env node
// A file that git knows: npm links a command when it installs, and passes over one that no build has made
// yet.
try {
  await import("../dist/main.js");
} catch (error) {
  const unbuilt = error.code === "ERR_MODULE_NOT_FOUND" && /dist[\\/](main|index)\.js/.test(error.message);
  console.error(unbuilt ? "unroll: a clone has to be built before its command runs: npm run build" : error);
  process.exitCode = 1;
}
