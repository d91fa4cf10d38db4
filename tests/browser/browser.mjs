// A page of ours in a real Chromium: bundles an entry, serves the repository on localhost, and gives the
// loaded page.
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/**
 * Runs `work` with a page that has loaded `entry`, and cleans up after it.
 *
 * @param entry module of this folder; what it puts on `globalThis` is what `page.evaluate` can call
 * @param options `search` of the page's address, modules of this folder to serve by path beside the page
 *   (`scripts`), its content-security policy (`policy`), and path of the browser; default `UNROLL_CHROMIUM`,
 *   or Debian's
 */
export async function withPage(
  entry,
  work,
  { search = "", scripts = {}, policy, chrome = process.env.UNROLL_CHROMIUM ?? "/usr/bin/chromium" } = {},
) {
  if (!existsSync(chrome))
    throw new Error(
      `browser: expected Chromium at ${chrome}, got nothing; ` +
        "install Debian's package chromium or set UNROLL_CHROMIUM",
    );
  const temporary = mkdtempSync(join(tmpdir(), "unroll-browser-"));
  // Node's own modules are reached only by code for Node, which a page never calls.
  const served = { "/page.js": entry, ...scripts };
  for (const [path, source] of Object.entries(served))
    await build({
      entryPoints: [join(root, "tests/browser", source)],
      bundle: true,
      format: "esm",
      target: "es2022",
      outfile: join(temporary, path),
      external: ["node:*"],
      define: { "process.env.NODE_ENV": '"production"' },
      logLevel: "error",
    });
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    if (path === "/")
      return response
        .writeHead(200, {
          "content-type": "text/html",
          ...(policy && { "content-security-policy": policy }),
        })
        .end(
          '<!doctype html><title>unroll</title><link rel="icon" href="data:,"><script type="module" ' +
            'src="/page.js"></script>',
        );
    const file = Object.hasOwn(served, path) ? join(temporary, path) : join(root, normalize(path));
    if (
      (!file.startsWith(root) && !file.startsWith(temporary)) ||
      !existsSync(file) ||
      !statSync(file).isFile()
    )
      return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({
    executablePath: chrome,
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--enable-unsafe-swiftshader",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-webgpu",
      "--enable-features=Vulkan,WebGPU",
      "--use-webgpu-adapter=swiftshader",
    ],
  });
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`http://127.0.0.1:${server.address().port}/${search}`);
    await page
      .waitForFunction(() => "engineNames" in globalThis, undefined, { timeout: 60_000 })
      .catch(() => {
        throw new Error(`browser: expected the page to load, got ${problems.join("; ") || "silence"}`);
      });
    return await work(page, problems);
  } finally {
    await browser.close();
    server.close();
    rmSync(temporary, { recursive: true });
  }
}
