/** Compiled code. */
export type Module = object;

/** What the engine uses of WebAssembly; TypeScript knows it only with a page's library. */
export interface WebAssemblyLike {
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (
    module: Module,
    imports: Readonly<Record<string, Readonly<Record<string, object>>>>,
  ) => {
    readonly exports: object;
  };
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer;
  };
  validate(bytes: Uint8Array): boolean;
}

/** WebAssembly, where the host has it. */
export const webAssembly = (): WebAssemblyLike | undefined =>
  (globalThis as { readonly WebAssembly?: WebAssemblyLike }).WebAssembly;
