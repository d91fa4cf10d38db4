import type { HostTensor } from "../contract/tensor.js";
import type { Lengths, PackedSequence } from "./packed.js";
import type { SymbolicState, SymbolicTags, SymbolicTensor } from "./symbolic.js";
import type { Ran, Tensor } from "./tensor/tensor.js";

/**
 * What `run` takes for a parameter of `forward`: a tensor or packed sequence for a symbolic tensor, a tensor
 * for a state.
 */
export type RunArgument<T> = T extends Tensor | PackedSequence
  ? HostTensor | PackedSequence | Lengths
  : T extends readonly unknown[]
    ? RunArguments<T>
    : T;

/** What `call` takes for a parameter of `forward`: plain tensors too, outside of any `forward`. */
export type CallArgument<T> = T extends Tensor | PackedSequence
  ? T | HostTensor | PackedSequence
  : T extends readonly unknown[]
    ? CallArguments<T>
    : T;

/** What `call` takes for the parameters of `forward`, one for one. */
export type CallArguments<T extends readonly unknown[]> = { readonly [K in keyof T]: CallArgument<T[K]> };

/** What `run` takes for the parameters of `forward`, one for one. */
export type RunArguments<T extends readonly unknown[]> = { readonly [K in keyof T]: RunArgument<T[K]> };

/** What `run` returns for what `forward` returns; `Out` stands for tensors of modules over sequences. */
export type RunResult<T, Out> = T extends SymbolicTags
  ? Ran<"int32">
  : T extends SymbolicTensor
    ? Out
    : T extends SymbolicState
      ? Ran<"float32">
      : T extends Tensor | PackedSequence
        ? T
        : T extends readonly unknown[]
          ? { [K in keyof T]: RunResult<T[K], Out> }
          : T extends object
            ? { [K in keyof T]: RunResult<T[K], Out> }
            : T;

/** A packed input gives packed outputs. */
export type OutputOf<Arguments> = Arguments extends readonly [PackedSequence, ...unknown[]]
  ? PackedSequence
  : Ran<"float32">;
