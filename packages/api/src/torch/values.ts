import type { HostTensor } from "../contract/tensor.js";
import type { Lengths, PackedSequence } from "./packed.js";
import type { SymbolicState, SymbolicTags, SymbolicTensor } from "./symbolic.js";

/**
 * What `run` takes for a parameter of `forward`: a tensor or packed sequence for a symbolic tensor, a tensor
 * for a state.
 */
export type RunArgument<T> = T extends SymbolicTensor
  ? HostTensor | PackedSequence | Lengths
  : T extends SymbolicState
    ? HostTensor
    : T extends readonly unknown[]
      ? RunArguments<T>
      : T;

/** What `run` takes for the parameters of `forward`, one for one. */
export type RunArguments<T extends readonly unknown[]> = { readonly [K in keyof T]: RunArgument<T[K]> };

/** What `run` returns for what `forward` returns; `Out` stands for tensors. */
export type RunResult<T, Out> = T extends SymbolicTags
  ? HostTensor<"int32">
  : T extends SymbolicTensor
    ? Out
    : T extends SymbolicState
      ? HostTensor<"float32">
      : T extends readonly unknown[]
        ? { [K in keyof T]: RunResult<T[K], Out> }
        : T extends object
          ? { [K in keyof T]: RunResult<T[K], Out> }
          : T;

/** A packed input gives packed outputs. */
export type OutputOf<Arguments> = Arguments extends readonly [PackedSequence, ...unknown[]]
  ? PackedSequence
  : HostTensor<"float32">;
