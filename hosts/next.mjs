// An application of Next: a client component, a route handler on Node and one on the edge runtime.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { onPage } from "./chromium.mjs";
import { expectedLine } from "./consumer.mjs";
import { fillModules, install, outside, own, project, run, shared } from "./matrix.mjs";
import { askEach, engineSource } from "./swap.mjs";

const route = (runtime) => `import { check } from "../../../check.mjs";
export const runtime = "${runtime}";
export const dynamic = "force-dynamic";
export const GET = async () => new Response(await check().catch(String));
`;
const layout = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;
const page = (given) => `"use client";
import { useEffect, useState } from "react";
import { check } from "../check.mjs";
${engineSource(given)}
export default function Page() {
  const [answer, setAnswer] = useState("");
  useEffect(() => {
    answerTo(new URLSearchParams(location.search).get("adapter")).then(setAnswer);
  }, []);
  return <output>{answer}</output>;
}
`;

/** A port that nobody listens on. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function whileServed(folder, work) {
  const port = await freePort();
  const bin = join(folder, "node_modules/next/dist/bin/next");
  const options = ["start", "-p", `${port}`, "-H", "127.0.0.1"];
  const server = spawn(process.execPath, [bin, ...options], { cwd: folder });
  let said = "";
  const ready = new Promise((resolve, reject) => {
    const read = (chunk) => {
      said += chunk;
      if (/ready/i.test(said)) resolve();
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.on("exit", () => reject(new Error(`next start: ${said.slice(-300)}`)));
    setTimeout(() => reject(new Error(`next start is not ready: ${said.slice(-300)}`)), 30_000).unref();
  });
  try {
    await ready;
    return await work(`http://127.0.0.1:${port}/`);
  } finally {
    server.kill();
  }
}

/** Builds and starts the application, its page given one engine or none, and nothing else installed. */
export async function inNext(browser, given) {
  const folder = join(outside, `next-${given}`);
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  fillModules(modules);
  install(["next", "react", "react-dom", "@next/swc-linux-x64-gnu"], modules, [own, shared]);
  const engines = { none: [], tfjs: ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"] };
  install(engines[given], modules, [shared]);
  cpSync(join(project, "check.mjs"), join(folder, "check.mjs"));
  const files = {
    "package.json": '{ "private": true }',
    "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(folder)} } };`,
    "app/layout.jsx": layout,
    "app/page.jsx": page(given),
    "app/api/node/route.js": route("nodejs"),
    "app/api/edge/route.js": route("edge"),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CI: "1" };
  run(process.execPath, [join(modules, "next/dist/bin/next"), "build"], {
    cwd: folder,
    env,
    timeout: 300_000,
  });
  return whileServed(folder, async (address) => {
    for (const runtime of ["node", "edge"]) {
      const answer = await (await fetch(`${address}api/${runtime}`)).text();
      if (answer !== expectedLine) throw new Error(`route handler on ${runtime}: ${answer.slice(0, 200)}`);
    }
    return askEach(given, (adapter) =>
      onPage(browser, `${address}?adapter=${adapter}`, async (tab) => {
        await tab.waitForFunction(() => document.querySelector("output")?.textContent, undefined, {
          timeout: 60_000,
        });
        return tab.textContent("output");
      }),
    );
  });
}
