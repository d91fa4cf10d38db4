import { nameOf, PickledGlobal, PickledObject, type PickledValue } from "./pickle-values.js";
import { DAMAGED, refuse } from "./refuse.js";

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

/** Digits of a whole number at most. */
const MOST_INTEGER = 64;

/** Where a list of values begins on the stack. */
export const MARK = Symbol("mark");
type Slot = PickledValue | typeof MARK;

/** What the operations of a pickle work on: bytes, a stack, and values that are kept by number. */
export class PickleMachine {
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

  /** A text in UTF-8. */
  text(length: number): string {
    const start = this.at;
    return utf8(this.take(length)) ?? this.damaged("a text in UTF-8", `others at byte ${start}`);
  }

  /** What Python 2 called a string, in any encoding: what is not UTF-8 is read as Latin-1. */
  oldText(length: number): string {
    const bytes = this.take(length);
    return utf8(bytes) ?? latin1(bytes);
  }

  /** Up to the end of a line, which names of functions and classes have. */
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
  decimal(line = this.line()): number | bigint {
    const digits = line.replace(/L$/, "");
    return /^-?\d{1,150}$/.test(digits)
      ? narrow(BigInt(digits))
      : this.damaged("a whole number", `"${digits}"`);
  }

  /** The same, where two numbers with a zero too many are flags. */
  decimalOrBool(): PickledValue {
    const line = this.line();
    return line === "00" || line === "01" ? line === "01" : this.decimal(line);
  }

  push(value: Slot): void {
    this.stack.push(value);
  }

  pop(): PickledValue {
    const value = this.stack.pop();
    return value === undefined || value === MARK ? this.damaged("a value", "none") : value;
  }

  /** The only value that is left. */
  last(): PickledValue {
    const value = this.pop();
    return this.stack.length === 0 ? value : this.damaged("one value at the end", "several");
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

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Letters at once: as arguments of a call they have to fit the stack. */
const PIECE = 2 ** 12;

/** Each byte as the letter of its number, which TextDecoder has no name for: its `latin1` is Windows's. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}
