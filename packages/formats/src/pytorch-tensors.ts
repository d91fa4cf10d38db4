import type { NamedTensor, StoredDType } from "@unroll/api/weights";
import { nameOf, type Opaque, PickledGlobal, PickledObject, type PickledValue } from "./pickle-values.js";
import { DAMAGED, refuse } from "./refuse.js";
import { elementCount, elementTypes, tensorOf } from "./tensors.js";

/** Element types by the classes of storages that a pickle names: `torch.FloatStorage`. */
const storageTypes: ReadonlyMap<string, StoredDType> = /* @__PURE__ */ new Map<string, StoredDType>([
  ["DoubleStorage", "F64"],
  ["FloatStorage", "F32"],
  ["HalfStorage", "F16"],
  ["BFloat16Storage", "BF16"],
  ["LongStorage", "I64"],
  ["IntStorage", "I32"],
  ["ShortStorage", "I16"],
  ["CharStorage", "I8"],
  ["ByteStorage", "U8"],
  ["BoolStorage", "BOOL"],
]);

/** Element types by PyTorch's names of them: `torch.uint16`, of storages that have none of their own. */
const dtypes: ReadonlyMap<string, StoredDType> = /* @__PURE__ */ new Map<string, StoredDType>([
  ["float64", "F64"],
  ["float32", "F32"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
  ["int64", "I64"],
  ["int32", "I32"],
  ["int16", "I16"],
  ["int8", "I8"],
  ["uint64", "U64"],
  ["uint32", "U32"],
  ["uint16", "U16"],
  ["uint8", "U8"],
  ["bool", "BOOL"],
]);

/** Elements in a row, which tensors are views of; several tensors may share one. */
export class Storage implements Opaque {
  readonly opaque = true;

  constructor(
    /** Its key in the file. */
    readonly key: string,
    /** What its elements are; null where each tensor says so. */
    readonly dtype: StoredDType | null,
  ) {}
}

/** A view of a storage. */
export class View implements Opaque {
  readonly opaque = true;

  constructor(
    readonly storage: Storage,
    readonly dtype: StoredDType,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** The element type that a class of storages stands for; null for one without. @throws UNROLL_FORMAT */
export function storageType(place: string, type: PickledValue): StoredDType | null {
  if (!(type instanceof PickledGlobal)) return refuse(place, "a class of storages", nameOf(type), DAMAGED);
  if (type.name === "UntypedStorage") return null;
  return storageTypes.get(type.name) ?? otherElements(place, storageTypes, type);
}

function otherElements(place: string, known: ReadonlyMap<string, StoredDType>, found: PickledValue): never {
  return refuse(
    place,
    `elements of ${[...known.keys()].join(", ")}`,
    nameOf(found),
    "convert the tensor before it is saved: tensor.float()",
  );
}

const WHY = "nothing of it was run; save the state dict alone: torch.save(model.state_dict(), path)";

type Call = (place: string, args: readonly PickledValue[]) => PickledValue;

function sizes(place: string, value: PickledValue | undefined): number[] {
  if (Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && (one as number) >= 0))
    return value as number[];
  return refuse(place, "a list of whole numbers", nameOf(value ?? null), DAMAGED);
}

function rebuilt(place: string, args: readonly PickledValue[], given: StoredDType | null): View {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof Storage)) return refuse(place, "a storage", nameOf(storage ?? null), DAMAGED);
  const dtype = given ?? storage.dtype ?? "U8";
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0)
    return refuse(place, "an offset into a storage", nameOf(offset ?? null), DAMAGED);
  const [axes, steps] = [sizes(place, shape), sizes(place, strides)];
  if (axes.length !== steps.length)
    refuse(place, `a stride for each of ${axes.length} axes`, `${steps.length}`, DAMAGED);
  return new View(storage, dtype, offset, axes, steps);
}

/** Refuses a tensor whose numbers are others than its storage has, as `z.conj().imag` is: to be negated. */
function assertAsStored(place: string, metadata: PickledValue | undefined): void {
  if (!(metadata instanceof Map)) return;
  for (const [name, set] of metadata)
    if (set !== false)
      refuse(
        place,
        "tensors whose numbers are those of their storage",
        `one with ${typeof name === "string" ? name : nameOf(name)}`,
        "save tensor.resolve_neg()",
      );
}

const tensorArgument: Call = (place, [data]) =>
  data instanceof View || data instanceof PickledObject
    ? data
    : refuse(place, "the tensor of a parameter", nameOf(data ?? null), DAMAGED);

/** A value that only says something of a model, such as a path or a number of NumPy's. */
const described =
  (type: PickledGlobal): Call =>
  (_, args) =>
    new PickledObject(type, args);

/** Calls that make tensors and plain values. */
const calls: ReadonlyMap<string, Call> = /* @__PURE__ */ new Map<string, Call>([
  ["torch._utils._rebuild_tensor", (place, args) => rebuilt(place, args, null)],
  [
    "torch._utils._rebuild_tensor_v2",
    (place, args) => {
      assertAsStored(place, args[6]);
      return rebuilt(place, args, null);
    },
  ],
  [
    "torch._utils._rebuild_tensor_v3",
    (place, args) => {
      assertAsStored(place, args[7]);
      const dtype = args[6] instanceof PickledGlobal ? dtypes.get(args[6].name) : undefined;
      return rebuilt(place, args, dtype ?? otherElements(place, dtypes, args[6] ?? null));
    },
  ],
  ["torch._utils._rebuild_parameter", tensorArgument],
  ["torch._utils._rebuild_parameter_with_state", tensorArgument],
  // A tensor of a class of its own, which is made as another one first.
  [
    "torch._tensor._rebuild_from_type_v2",
    (place, [callee, , args]) =>
      callee instanceof PickledGlobal && Array.isArray(args)
        ? called(place, callee, args)
        : refuse(place, "how a tensor is made", nameOf(callee ?? null), DAMAGED),
  ],
  ["torch.Size", (_, [list]) => list ?? []],
  ["torch.jit._pickle.restore_type_tag", (_, [value]) => value ?? null],
  ...["build_intlist", "build_tensorlist", "build_doublelist", "build_boollist"].map(
    (name): [string, Call] => [`torch.jit._pickle.${name}`, (_, [list]) => list ?? []],
  ),
  ["collections.OrderedDict", (place, args) => dictionary(place, args)],
  ["collections.defaultdict", () => new Map()],
  ["collections.Counter", (place, args) => dictionary(place, args)],
  ["collections.deque", (_, [list]) => (Array.isArray(list) ? [...list] : [])],
  ...["__builtin__", "builtins"].flatMap((module): [string, Call][] => [
    [`${module}.set`, (_, [list]) => new Set(Array.isArray(list) ? list : [])],
    [`${module}.frozenset`, (_, [list]) => new Set(Array.isArray(list) ? list : [])],
  ]),
  // An object by its class alone; what is in it comes afterwards.
  ...["copy_reg", "copyreg"].map((module): [string, Call] => [
    `${module}._reconstructor`,
    (place, [type, ...rest]) =>
      type instanceof PickledGlobal
        ? new PickledObject(type, rest)
        : refuse(place, "a class", nameOf(type ?? null), DAMAGED),
  ]),
]);

/**
 * Calls that only describe something: they stay what is written there, and hold no tensor of a model.
 */
const describing =
  /^(torch\.(device|dtype|serialization\._get_layout)|numpy\..*|pathlib\..*|datetime\..*|_codecs\.encode)$/;

function dictionary(place: string, [items]: readonly PickledValue[]): Map<PickledValue, PickledValue> {
  if (items === undefined) return new Map();
  if (items instanceof Map) return new Map(items);
  if (Array.isArray(items) && items.every((pair) => Array.isArray(pair) && pair.length === 2))
    return new Map(items as [PickledValue, PickledValue][]);
  return refuse(place, "pairs of keys and values", nameOf(items), DAMAGED);
}

/** What a call in a pickle gives. @throws UNROLL_FORMAT for every call that is not among the known ones */
export function called(place: string, callee: PickledGlobal, args: readonly PickledValue[]): PickledValue {
  const known = calls.get(callee.path) ?? (describing.test(callee.path) ? described(callee) : null);
  return known
    ? known(place, args)
    : refuse(place, "calls that make tensors and plain values", `a call of ${callee.path}`, WHY);
}

/** Storages by key, and how much their views may come to together. */
export interface Storages {
  /** Bytes of one. @throws UNROLL_FORMAT where there is none */
  bytes(key: string): Uint8Array;
  /** Whether their numbers have the highest byte first. */
  readonly bigEndian: boolean;
  /** Takes bytes off what may still be made. @throws UNROLL_FORMAT where that is too much */
  charge(place: string, bytes: number): void;
}

/** The elements that a view sees, row-major, in memory of their own. @throws UNROLL_FORMAT */
export function materialised(place: string, view: View, storages: Storages): NamedTensor {
  const { storage, dtype, offset, shape, strides } = view;
  const bytes = storages.bytes(storage.key);
  const { bytes: size } = elementTypes[dtype];
  const count = elementCount(place, shape);
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, offset);
  if (count > 0 && !((last + 1) * size <= bytes.length))
    refuse(place, `elements up to ${last} of storage ${storage.key}`, `${bytes.length} bytes`, DAMAGED);
  storages.charge(place, count * size);
  const contiguous = shape.every(
    (length, axis) => length === 1 || strides[axis] === shape.slice(axis + 1).reduce((a, b) => a * b, 1),
  );
  const seen =
    count === 0
      ? new Uint8Array(0)
      : contiguous
        ? bytes.subarray(offset * size, (offset + count) * size)
        : gathered(bytes, size, count, view);
  return tensorOf(place, dtype, shape, seen, storages.bigEndian);
}

function gathered(
  bytes: Uint8Array,
  size: number,
  count: number,
  { offset, shape, strides }: View,
): Uint8Array {
  const own = new Uint8Array(count * size);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    for (let k = 0; k < size; k++) own[to * size + k] = bytes[from * size + k]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return own;
}
