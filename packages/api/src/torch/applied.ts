import { Module } from "./module.js";
import { composed, takes } from "./own-names.js";

/** A module of PyTorch's own that applies operations to one input, with values or traced. */
export abstract class Applied extends Module {
  override get [takes](): number {
    return 1;
  }

  protected override get [composed](): boolean {
    return true;
  }
}
