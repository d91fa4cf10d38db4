import { MARK, type PickleMeaning, PickleMachine } from "./pickle-machine.js";
import type { PickledValue } from "./pickle-values.js";
import { refuse } from "./refuse.js";

/** Steps of a pickle at most: each reads a byte at least and makes a value at most, so this bounds memory. */
const MOST_STEPS = 2 ** 24;

/**
 * Reads one pickle as plain values: of protocols 1 to 5, as protocol 0 has no names for storages and so is
 * none of `torch.save`. It is a machine for building values and not Python: names of functions and classes
 * stay names, and what a call of one gives is for the caller to say. Every step reads at least a byte, so its
 * time is bounded by the length.
 *
 * @returns the value, and where the pickle ends
 * @throws UNROLL_FORMAT for damaged pickles
 */
export function readPickle(bytes: Uint8Array, meaning: PickleMeaning, start = 0): [PickledValue, number] {
  const machine = new PickleMachine(bytes, meaning, start);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const opcode = machine.uint8();
    if (opcode === STOP) return [machine.last(), machine.at];
    const operation = operations.get(opcode);
    if (!operation)
      return machine.damaged("an operation of pickle protocols 1 to 5", `0x${opcode.toString(16)}`);
    operation(machine);
  }
  return refuse(
    meaning.place,
    `a pickle of at most ${MOST_STEPS} steps`,
    "a longer one",
    "save tensors, and other data apart from them",
  );
}

const STOP = 0x2e;

// Operations by their bytes: https://github.com/python/cpython/blob/main/Lib/pickletools.py. Left out are those
// that only protocol 0 has (STRING, UNICODE, FLOAT, PUT, GET, PERSID), of the registry of extensions (EXT1,
// EXT2, EXT4), of old classes (INST, OBJ) and of buffers that are handed over apart from the pickle
// (NEXT_BUFFER, READONLY_BUFFER).
const operations: ReadonlyMap<number, (machine: PickleMachine) => void> = /* @__PURE__ */ new Map<
  number,
  (machine: PickleMachine) => void
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
  // INT, LONG, BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT
  [0x49, (m) => m.push(m.decimalOrBool())],
  [0x4c, (m) => m.push(m.decimal())],
  [0x4a, (m) => m.push(m.int32())],
  [0x4b, (m) => m.push(m.uint8())],
  [0x4d, (m) => m.push(m.uint16())],
  [0x8a, (m) => m.push(m.integer(m.uint8()))],
  [0x8b, (m) => m.push(m.integer(m.uint32()))],
  [0x47, (m) => m.push(m.float64())],
  // BINSTRING, SHORT_BINSTRING, BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
  [0x54, (m) => m.push(m.oldText(m.uint32()))],
  [0x55, (m) => m.push(m.oldText(m.uint8()))],
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
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  [0x71, (m) => m.remember(m.uint8())],
  [0x72, (m) => m.remember(m.uint32())],
  [0x94, (m) => m.rememberNext()],
  [0x68, (m) => m.recall(m.uint8())],
  [0x6a, (m) => m.recall(m.uint32())],
  // BINPERSID
  [0x51, (m) => m.persistent()],
]);
