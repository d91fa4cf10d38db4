import { DAMAGED, refuse } from "./refuse.js";

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

/** What a caller gives meaning to. */
export interface PickleMeaning {
  /** What is being read, for errors. */
  readonly place: string;
  /**
   * The result of a call, which the reader works out from a list of what it knows. @throws UNROLL_FORMAT for
   * everything else
   */
  call(callee: PickledGlobal, args: readonly PickledValue[]): PickledValue;
  /** What a persistent id stands for: a storage of PyTorch. */
  persistent(id: PickledValue): PickledValue;
}

/** Values that a pickle makes at most: there is one at most for each of its bytes, so this bounds memory. */
const MOST_VALUES = 2 ** 24;
/** Digits of a whole number at most. */
const MOST_INTEGER = 64;

const MARK = Symbol("mark");
type Slot = PickledValue | typeof MARK;

/**
 * Reads one pickle, of any protocol up to 5, as plain values. It is a machine for building values and not
 * Python: names of functions and classes stay names, and what a call of one gives is for the caller to say.
 * Every step reads at least a byte, so its time is bounded by the length.
 *
 * @returns the value, and where the pickle ends
 * @throws UNROLL_FORMAT for damaged pickles
 */
export function readPickle(bytes: Uint8Array, meaning: PickleMeaning, start = 0): [PickledValue, number] {
  const machine = new Machine(bytes, meaning, start);
  return [machine.run(), machine.at];
}

const text = new TextDecoder("utf-8", { fatal: true });

class Machine {
  private stack: Slot[] = [];
  private readonly memo = new Map<number, PickledValue>();
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    readonly meaning: PickleMeaning,
    public at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  run(): PickledValue {
    for (let steps = 0; steps < MOST_VALUES; steps++) {
      const opcode = this.uint8();
      if (opcode === STOP) {
        const value = this.pop();
        return this.stack.length === 0 ? value : this.damaged("one value at the end", "several");
      }
      (operations.get(opcode) ?? this.unknown(opcode))(this);
    }
    return refuse(
      this.meaning.place,
      `a pickle of at most ${MOST_VALUES} steps`,
      "a longer one",
      "save tensors, and other data apart from them",
    );
  }

  private unknown(opcode: number): never {
    return this.damaged("an operation of pickle protocols 0 to 5", `0x${opcode.toString(16)}`);
  }

  damaged(expected: string, got: string): never {
    return refuse(`${this.meaning.place} pickle, byte ${this.at}`, expected, got, DAMAGED);
  }

  take(length: number): Uint8Array {
    if (!(length >= 0 && this.at + length <= this.bytes.length))
      this.damaged(`${length} bytes more`, `${this.bytes.length - this.at}`);
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    this.take(2);
    return this.view.getUint16(this.at - 2, true);
  }

  int32(): number {
    this.take(4);
    return this.view.getInt32(this.at - 4, true);
  }

  uint32(): number {
    this.take(4);
    return this.view.getUint32(this.at - 4, true);
  }

  /** A length of 64 bits; one that is too large for a number is too large for the file. */
  length64(): number {
    this.take(8);
    return Number(this.view.getBigUint64(this.at - 8, true));
  }

  float64(): number {
    this.take(8);
    return this.view.getFloat64(this.at - 8);
  }

  text(length: number): string {
    const taken = this.take(length);
    try {
      return text.decode(taken);
    } catch {
      // Protocol 2 has what Python 2 called a string, in any encoding.
      return String.fromCharCode(...taken.subarray(0, 4096));
    }
  }

  /** Up to the end of a line, which texts of protocol 0 have. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) this.damaged("the end of a line", "none");
    const line = this.text(end - this.at);
    this.at = end + 1;
    return line;
  }

  /** A whole number, lowest byte first, in two's complement. */
  integer(length: number): number | bigint {
    if (length > MOST_INTEGER) this.damaged(`a whole number of at most ${MOST_INTEGER} bytes`, `${length}`);
    const digits = this.take(length);
    let value = 0n;
    for (let k = length - 1; k >= 0; k--) value = (value << 8n) | BigInt(digits[k]!);
    if (length > 0 && digits[length - 1]! & 0x80) value -= 1n << BigInt(8 * length);
    return narrow(value);
  }

  /** A whole number in decimal digits. */
  decimal(): number | bigint {
    const line = this.line().replace(/L$/, "");
    return /^-?\d{1,150}$/.test(line) ? narrow(BigInt(line)) : this.damaged("a whole number", `"${line}"`);
  }

  push(value: Slot): void {
    this.stack.push(value);
  }

  pop(): PickledValue {
    const value = this.stack.pop();
    return value === undefined || value === MARK ? this.damaged("a value", "none") : value;
  }

  /** The value on top, which stays. */
  top(): PickledValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  /** Takes what was pushed since the last mark. */
  sinceMark(): PickledValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) this.damaged("a mark", "none");
    const values = this.stack.splice(mark + 1) as PickledValue[];
    this.stack.pop();
    return values;
  }

  popTop(): void {
    if (this.stack.pop() === undefined) this.damaged("a value", "none");
  }

  list(): PickledValue[] {
    const value = this.pop();
    return Array.isArray(value) ? value : this.damaged("a list", nameOf(value));
  }

  pushTuple(length: number): void {
    const values = Array.from({ length }, () => this.pop());
    this.push(values.reverse());
  }

  remember(key: number): void {
    this.memo.set(key, this.top());
  }

  rememberNext(): void {
    this.remember(this.memo.size);
  }

  recall(key: number): void {
    this.push(
      this.memo.get(key) ?? (this.memo.has(key) ? null : this.damaged("a value kept before", `${key}`)),
    );
  }

  append(values: readonly PickledValue[]): void {
    const top = this.top();
    const target = top instanceof PickledObject ? top.elements : top;
    if (!Array.isArray(target)) return this.damaged("a list to append to", nameOf(target));
    for (const value of values) target.push(value);
  }

  addTo(values: readonly PickledValue[]): void {
    const target = this.top();
    if (!(target instanceof Set)) return this.damaged("a set to add to", nameOf(target));
    for (const value of values) target.add(value);
  }

  setItems(values: readonly PickledValue[]): void {
    const top = this.top();
    const target = top instanceof PickledObject ? (top.items ??= new Map()) : top;
    if (!(target instanceof Map)) return this.damaged("a dictionary", nameOf(target));
    if (values.length % 2 !== 0) this.damaged("keys with values", "a key alone");
    for (let k = 0; k < values.length; k += 2) target.set(values[k]!, values[k + 1]!);
  }

  dictionary(values: readonly PickledValue[]): void {
    this.push(new Map());
    this.setItems(values);
  }

  global(module: PickledValue, name: PickledValue): void {
    if (typeof module !== "string" || typeof name !== "string")
      return this.damaged("a name of Python", nameOf(name));
    this.push(new PickledGlobal(module, name));
  }

  callee(value: PickledValue): PickledGlobal {
    return value instanceof PickledGlobal ? value : this.damaged("a function or class", nameOf(value));
  }

  reduce(): void {
    const args = this.list();
    this.push(this.meaning.call(this.callee(this.pop()), args));
  }

  instance(callee: PickledValue, args: readonly PickledValue[]): void {
    this.push(new PickledObject(this.callee(callee), args));
  }

  newObject(withNames: boolean): void {
    const names = withNames ? this.pop() : null;
    if (names !== null && !(names instanceof Map)) this.damaged("arguments by name", nameOf(names));
    const args = this.list();
    this.instance(this.pop(), args);
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    // An OrderedDict may have attributes too, as a state dict has its versions; they hold no tensors.
    if (target instanceof PickledObject) target.state = state;
  }

  persistent(): void {
    this.push(this.meaning.persistent(this.pop()));
  }
}

const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;

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

/** A quoted text of protocol 0. */
function unquoted(machine: Machine): string {
  const line = machine.line();
  const match = /^(['"])(.*)\1$/.exec(line);
  return match ? match[2]! : machine.damaged("a text in quotes", "another line");
}

function decimalOrBool(machine: Machine): PickledValue {
  const value = machine.line();
  if (value === "00" || value === "01") return value === "01";
  return /^-?\d{1,15}$/.test(value) ? Number(value) : machine.damaged("a whole number", `"${value}"`);
}

function decimalFloat(machine: Machine): number {
  const value = machine.line();
  return /^[-+.\deinfa]+$/i.test(value) ? Number(value.replace("inf", "Infinity")) : NaN;
}

const STOP = 0x2e;

// Operations by their bytes: https://github.com/python/cpython/blob/main/Lib/pickletools.py. Left out are those
// of the registry of extensions (EXT1, EXT2, EXT4), of old classes (INST, OBJ) and of buffers that are
// handed over apart from the pickle (NEXT_BUFFER, READONLY_BUFFER).
const operations: ReadonlyMap<number, (machine: Machine) => void> = /* @__PURE__ */ new Map<
  number,
  (machine: Machine) => void
>([
  // PROTO, FRAME: what follows says all of it again.
  [0x80, (m) => void (m.uint8() > 5 && m.damaged("a protocol up to 5", "a later one"))],
  [0x95, (m) => void m.length64()],
  // MARK, POP, POP_MARK, DUP
  [0x28, (m) => m.push(MARK)],
  [0x30, (m) => m.popTop()],
  [0x31, (m) => void m.sinceMark()],
  [0x32, (m) => m.push(m.top())],
  // NONE, NEWTRUE, NEWFALSE
  [0x4e, (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  // INT, LONG, BININT, BININT1, BININT2, LONG1, LONG4, FLOAT, BINFLOAT
  [0x49, (m) => m.push(decimalOrBool(m))],
  [0x4c, (m) => m.push(m.decimal())],
  [0x4a, (m) => m.push(m.int32())],
  [0x4b, (m) => m.push(m.uint8())],
  [0x4d, (m) => m.push(m.uint16())],
  [0x8a, (m) => m.push(m.integer(m.uint8()))],
  [0x8b, (m) => m.push(m.integer(m.uint32()))],
  [0x46, (m) => m.push(decimalFloat(m))],
  [0x47, (m) => m.push(m.float64())],
  // STRING, BINSTRING, SHORT_BINSTRING, UNICODE, BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
  [0x53, (m) => m.push(unquoted(m))],
  [0x54, (m) => m.push(m.text(m.uint32()))],
  [0x55, (m) => m.push(m.text(m.uint8()))],
  [0x56, (m) => m.push(m.line())],
  [0x58, (m) => m.push(m.text(m.uint32()))],
  [0x8c, (m) => m.push(m.text(m.uint8()))],
  [0x8d, (m) => m.push(m.text(m.length64()))],
  // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
  [0x42, (m) => m.push(m.take(m.uint32()))],
  [0x43, (m) => m.push(m.take(m.uint8()))],
  [0x8e, (m) => m.push(m.take(m.length64()))],
  [0x96, (m) => m.push(m.take(m.length64()))],
  // EMPTY_LIST, LIST, APPEND, APPENDS
  [0x5d, (m) => m.push([])],
  [0x6c, (m) => m.push(m.sinceMark())],
  [
    0x61,
    (m) => {
      const value = m.pop();
      m.append([value]);
    },
  ],
  [0x65, (m) => m.append(m.sinceMark())],
  // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
  [0x29, (m) => m.push([])],
  [0x74, (m) => m.push(m.sinceMark())],
  [0x85, (m) => m.pushTuple(1)],
  [0x86, (m) => m.pushTuple(2)],
  [0x87, (m) => m.pushTuple(3)],
  // EMPTY_DICT, DICT, SETITEM, SETITEMS
  [0x7d, (m) => m.push(new Map())],
  [0x64, (m) => m.dictionary(m.sinceMark())],
  [
    0x73,
    (m) => {
      const value = m.pop();
      m.setItems([m.pop(), value]);
    },
  ],
  [0x75, (m) => m.setItems(m.sinceMark())],
  // EMPTY_SET, ADDITEMS, FROZENSET
  [0x8f, (m) => m.push(new Set())],
  [0x90, (m) => m.addTo(m.sinceMark())],
  [0x91, (m) => m.push(new Set(m.sinceMark()))],
  // GLOBAL, STACK_GLOBAL
  [0x63, (m) => m.global(m.line(), m.line())],
  [
    0x93,
    (m) => {
      const name = m.pop();
      m.global(m.pop(), name);
    },
  ],
  // REDUCE, BUILD, NEWOBJ, NEWOBJ_EX
  [0x52, (m) => m.reduce()],
  [0x62, (m) => m.build()],
  [0x81, (m) => m.newObject(false)],
  [0x92, (m) => m.newObject(true)],
  // PUT, BINPUT, LONG_BINPUT, MEMOIZE, GET, BINGET, LONG_BINGET
  [0x70, (m) => m.remember(Number(m.line()))],
  [0x71, (m) => m.remember(m.uint8())],
  [0x72, (m) => m.remember(m.uint32())],
  [0x94, (m) => m.rememberNext()],
  [0x67, (m) => m.recall(Number(m.line()))],
  [0x68, (m) => m.recall(m.uint8())],
  [0x6a, (m) => m.recall(m.uint32())],
  // PERSID, BINPERSID
  [0x50, (m) => m.push(m.meaning.persistent(m.line()))],
  [0x51, (m) => m.persistent()],
]);
