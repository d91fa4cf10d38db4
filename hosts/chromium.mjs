// Pages in a real Chromium, served from folders.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";

const executablePath = process.env.UNROLL_CHROMIUM ?? "/usr/bin/chromium";
const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Opens Chromium. @throws when none is installed */
export async function openChromium() {
  if (!existsSync(executablePath))
    throw new Error(`no Chromium at ${executablePath}; install Debian's or set UNROLL_CHROMIUM`);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-quic", "--no-first-run"] });
}

/** Serves a folder, with `html` as its page. @returns the address, and how to stop */
export async function serve(folder, html) {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    if (path === "/") return response.writeHead(200, { "content-type": "text/html" }).end(html);
    const file = join(folder, normalize(path));
    if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile())
      return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    return createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** Runs `work` with a page of an address, and the errors that it threw. */
export async function onPage(browser, address, work) {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  try {
    await page.goto(address);
    return await work(page);
  } catch (error) {
    throw new Error([...problems, error.message].join("; "), { cause: error });
  } finally {
    await page.close();
  }
}

/** A page with no icon to look for. */
export const pageOf = (body) => `<!doctype html><link rel="icon" href="data:,">${body}`;

/** What a page has in `globalThis.answer` when it is done, be it an error's code. */
export const answerOn = (browser, address) =>
  onPage(browser, address, async (page) => {
    await page.waitForFunction(() => "answer" in globalThis, undefined, { timeout: 60_000 });
    return page.evaluate(() => globalThis.answer);
  });
