import type { Command } from "commander";
import type { ExitCode, Io } from "./io.js";

/** A command: adds itself to the program and reports how it ended. */
export type AddCommand = (program: Command, io: Io, end: (code: ExitCode) => void) => void;
