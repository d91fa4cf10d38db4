import { realpath } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep, win32 } from "node:path";
import { unrollError } from "@unroll/api";
import type { Io } from "../io.js";

/**
 * A file that a folder's own JSON names, which must lie in that folder: a manifest from elsewhere shall not
 * read what else is on this machine. Links are followed first.
 *
 * @param place what names the file
 * @returns its path, for reading
 * @throws UNROLL_FORMAT for a path that leaves the folder
 */
export async function fileInside(io: Io, folder: string, name: string, place: string): Promise<string> {
  const home = resolve(io.cwd, folder);
  const refuse = (got: string): never => {
    throw unrollError({
      code: "UNROLL_FORMAT",
      place,
      expected: `a file in folder "${folder}"`,
      got,
      cure: "put the file into the folder and name it alone",
      details: { folder, name },
    });
  };
  if (name === "" || name.includes("\0") || isAbsolute(name) || win32.isAbsolute(name))
    return refuse(JSON.stringify(name));
  if (!isWithin(home, resolve(home, name))) return refuse(JSON.stringify(name));
  // What is not there is told of by whoever reads it.
  const real = await realpath(resolve(home, name)).catch(() => null);
  if (real !== null && !isWithin(await realpath(home), real)) return refuse(`"${name}", a link out of it`);
  return join(folder, name);
}

function isWithin(home: string, path: string): boolean {
  const way = relative(home, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
