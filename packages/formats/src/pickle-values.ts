/** A name of Python that a pickle mentions; it stands for itself and is never looked up or called. */
export class PickledGlobal {
  constructor(
    /** Where Python would import it from. */
    readonly module: string,
    /** Its name there. */
    readonly name: string,
  ) {}

  /** Both, as Python writes them. */
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An instance of some class of Python: what it is made of, and nothing that it can do. */
export class PickledObject {
  /** Its attributes, or whatever else the pickle gives it. */
  state: PickledValue = null;
  /** What it holds where its class is a kind of dictionary. */
  items: Map<PickledValue, PickledValue> | null = null;
  /** What it holds where its class is a kind of list. */
  readonly elements: PickledValue[] = [];

  constructor(
    /** Its class. */
    readonly type: PickledGlobal,
    /** What the class was given. */
    readonly args: readonly PickledValue[],
  ) {}
}

/** What a caller makes of a call or a persistent id, e.g. a tensor. */
export interface Opaque {
  /** Tells it from what pickles hold by themselves. */
  readonly opaque: true;
}

/** What a pickle holds: dictionaries are maps, tuples and lists are lists. */
export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledValue[]
  | Map<PickledValue, PickledValue>
  | Set<PickledValue>
  | PickledGlobal
  | PickledObject
  | Opaque;

/** What kind of value something is, in words. */
export function nameOf(value: PickledValue): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Map) return "a dictionary";
  if (value instanceof Set) return "a set";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof PickledGlobal) return value.path;
  if (value instanceof PickledObject) return `an instance of ${value.type.path}`;
  return typeof value === "object" ? "a tensor" : typeof value === "string" ? "a text" : `${value}`;
}
