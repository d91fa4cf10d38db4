import { readFileSync } from "node:fs";
import { isUnrollError } from "@unroll/api";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readNpz, readPyTorch, readTfjs, readWeights, writeNpz } from "../src/index.js";
import { readPickle } from "../src/pickle.js";

// Files made to hurt, each of one kind; tests/fuzz has what chance makes of real ones.

const refused = async (reading: Promise<unknown>, words: RegExp | string): Promise<void> => {
  const start = performance.now();
  const error: unknown = await reading.then(
    () => new Error("it was read"),
    (cause: unknown) => cause,
  );
  expect(performance.now() - start).toBeLessThan(5000);
  expect((error as Error).message).toMatch(words);
  expect(isUnrollError(error) && error.code).toBe("UNROLL_FORMAT");
};

const npy = (elements: number, header = ""): Uint8Array => {
  const words = header || `{'descr': '<f4', 'fortran_order': False, 'shape': (${elements},), }`;
  const bytes = new Uint8Array(10 + words.length + 4 * elements);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, words.length & 0xff, words.length >> 8]);
  bytes.set(strToU8(words), 10);
  return bytes;
};

/** Overwrites a number of 32 bits that stands so far after a signature. */
function patched(bytes: Uint8Array, signature: number, offset: number, value: number): Uint8Array {
  const own = bytes.slice();
  const view = new DataView(own.buffer);
  let at = own.length - 4;
  while (view.getUint32(at, true) !== signature) at--;
  view.setUint32(at + offset, value, true);
  return own;
}
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

describe("zip files", () => {
  const small = zipSync({ "a.npy": npy(1000) });

  it("that announce more than they may unpack to, or than can come", async () => {
    await refused(
      readNpz(patched(small, CENTRAL, 24, 0x7fffffff)),
      /unpack to at most 67108864 bytes, .*, got 2147483647/,
    );
    await refused(readNpz(patched(small, CENTRAL, 24, 60_000_000)), /packed bytes can hold, got 60000000/);
  });

  it("that unpack to more or less than they announce", async () => {
    await refused(readNpz(patched(small, CENTRAL, 24, 100)), /expected 100 bytes, as announced, got more/);
    await refused(readNpz(patched(small, CENTRAL, 24, 5000)), /expected 5000 bytes unpacked, got 4/);
  });

  it("that unpack to a hundred times their size, all files together", async () => {
    // One file of 8 MiB of zeros, which the directory has under nine names.
    const one = zipSync({ "0.npy": npy(2 ** 21) }, { level: 9 });
    const start = Buffer.from(one).indexOf("PK\u0001\u0002", 0, "latin1");
    const entry = (k: number): Uint8Array => {
      const own = one.slice(start, one.length - 22);
      own[46] = 48 + k;
      return own;
    };
    const end = one.slice(-22);
    end[10] = 9;
    const entries = Array.from({ length: 9 }, (_, k) => entry(k));
    const bomb = Buffer.concat([one.subarray(0, start), ...entries, end]);
    expect(bomb.length).toBeLessThan(100_000);
    await refused(readNpz(bomb), /unpack to at most 67108864 bytes/);
  });

  it("whose contents do not fit their checksum", async () => {
    await refused(readNpz(patched(small, CENTRAL, 16, 7)), /contents that fit their checksum/);
  });

  it("with names that leave the folder, two of one name, and passwords", async () => {
    for (const name of ["../a.npy", "/a.npy", "b/../../a.npy", "C:a.npy", "..\\a.npy"])
      await refused(readNpz(zipSync({ [name]: npy(1) })), /a name inside of the folder, got one that leaves/);
    const two = zipSync({ "a.npy": npy(1), "b.npy": npy(1) });
    const text = Buffer.from(two).toString("latin1").replaceAll("b.npy", "a.npy");
    await refused(readNpz(Buffer.from(text, "latin1")), /entry "a\.npy": expected each name once/);
    await refused(readNpz(patched(small, CENTRAL, 8, 1)), /expected contents in the clear/);
  });

  it("whose directory is elsewhere, longer than it says, or not there", async () => {
    await refused(readNpz(patched(small, END, 16, 0x7fffffff)), /files in the directory, got 0/);
    await refused(readNpz(patched(small, END, 8, 0xffff_ffff)), /got 1/);
    await refused(readNpz(small.subarray(0, small.length - 22)), /the directory of a zip file at its end/);
    await refused(readNpz(patched(small, CENTRAL, 42, 0x7fffffff)), /a file where the directory says/);
  });

  it("with names that objects have by themselves", async () => {
    const names = ["__proto__", "constructor", "toString"];
    const one = { dtype: "F32", shape: [1], data: new Float32Array(1) } as const;
    const read = await readNpz(writeNpz(Object.fromEntries(names.map((name) => [name, one]))));
    expect(Object.keys(read).sort()).toEqual(names);
    expect(Object.getPrototypeOf(read)).toBe(null);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe("arrays of NumPy", () => {
  it("whose headers say what can't be", async () => {
    const form = (shape: string): string => `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`;
    const later = npy(1);
    later[6] = 4;
    await refused(readWeights(later), /a \.npy file of version 1, 2 or 3, got 4/);
    await refused(readWeights(npy(4, form("99999999999,"))), /a shape of whole numbers/);
    await refused(readWeights(npy(4, form("2000000000, 2000000000"))), /axes and 536870912 elements/);
    await refused(readWeights(npy(4, form("-4,"))), /a header with descr/);
    await refused(readWeights(npy(4, form("5,"))), /expected 20 bytes for F32 \[5\], got 16/);
    await refused(readWeights(npy(4, form("1,".repeat(40)))), /at most 32 axes/);
    await refused(readWeights(npy(4, "__import__('os').system('echo this ran')")), /a header with descr/);
  });
});

/** A file of torch.save with a pickle of one's own and a storage of 8 floats. */
const torchFile = (pickle: readonly (string | number)[]): Uint8Array =>
  zipSync(
    {
      "a/data.pkl": Uint8Array.from(
        pickle.flatMap((one) => (typeof one === "string" ? [...strToU8(one)] : [one])),
      ),
      "a/data/0": new Uint8Array(32),
    },
    { level: 0 },
  );

const STOP = ".";
const storage = [
  ...["(", "X", 7, 0, 0, 0, "storage", "ctorch\nFloatStorage\n", "X", 1, 0, 0, 0, "0"],
  ...["X", 3, 0, 0, 0, "cpu", "K", 8, "t", "Q"],
];
const int = (value: number): (string | number)[] => [
  "J",
  ...[0, 8, 16, 24].map((shift) => (value >> shift) & 0xff),
];
const list = (values: readonly number[]): (string | number)[] => ["(", ...values.flatMap(int), "t"];
const view = (offset: number, shape: readonly number[], strides: readonly number[]): (string | number)[] => [
  ...["ctorch._utils\n_rebuild_tensor_v2\n", "(", ...storage],
  ...[...int(offset), ...list(shape), ...list(strides), 0x89, "N", "t", "R"],
];
const named = (value: readonly (string | number)[]): (string | number)[] => [
  ...["}", "X", 1, 0, 0, 0, "w", ...value, "s"],
];

describe("pickles", () => {
  it("make views of a storage, and none beyond it", async () => {
    const read = async (value: readonly (string | number)[]): Promise<unknown> =>
      (await readPyTorch(torchFile([...named(value), STOP])))["w"]!.shape;
    expect(await read(view(0, [2, 4], [4, 1]))).toEqual([2, 4]);
    expect(await read(view(7, [3], [0]))).toEqual([3]);
    await refused(read(view(0, [9], [1])), /expected elements up to 8 of storage 0, got 32 bytes/);
    await refused(read(view(1, [2, 4], [4, 1])), /elements up to 8/);
    await refused(read(view(0, [2], [0x7fffffff])), /elements up to 2147483647/);
    await refused(read(view(0, [2], [-1])), /expected a list of whole numbers/);
    await refused(read(view(-1, [2], [1])), /expected an offset into a storage/);
    const files = { "a/data.pkl": strToU8("N."), "a/byteorder": strToU8("middle") };
    await refused(readPyTorch(zipSync(files)), /an order of bytes, little or big, got "middle"/);
    await refused(read(view(0, [2, 2], [1])), /expected a stride for each of 2 axes, got 1/);
  });

  it("that make much of little, by views that repeat an element", async () => {
    await refused(
      readPyTorch(torchFile([...named(view(0, [400_000_000], [0])), STOP])),
      /tensors of at most 16 times the file together/,
    );
    await refused(readPyTorch(torchFile([...named(view(0, [2 ** 30], [0])), STOP])), /axes and 536870912/);
  });

  it("that hold themselves", async () => {
    await refused(readPyTorch(torchFile(["]", "q", 0, "h", 0, "a", STOP])), /got one within itself/);
    await refused(
      readPyTorch(torchFile([...["}", "q", 0], "K", 1, "h", 0, "s", STOP])),
      /got one within itself/,
    );
  });

  it("nested without end, and by doubling", async () => {
    const deep = [...Array<string>(20_000).fill("]"), ...Array<string>(19_999).fill("a"), STOP];
    await refused(readPyTorch(torchFile(deep)), /at most 100 values within one another/);
    const doubled = Array.from({ length: 60 }, (_, k) => [
      "]",
      "h",
      k,
      "a",
      "h",
      k,
      "a",
      "q",
      k + 1,
      "0",
    ]).flat();
    await refused(readPyTorch(torchFile(["]", "q", 0, "0", ...doubled, "h", 60, STOP])), /131072 in all/);
  });

  it("that mention or call what is no part of a model", async () => {
    for (const [call, name] of [
      ["cos\nsystem\n", "os.system"],
      ["cbuiltins\neval\n", "builtins.eval"],
      ["c__builtin__\n__import__\n", "__builtin__.__import__"],
      ["ctorch\nload\n", "torch.load"],
      ["ctorch._utils\n__proto__\n", "torch._utils.__proto__"],
      ["cconstructor\nconstructor\n", "constructor.constructor"],
    ] as const)
      await refused(
        readPyTorch(torchFile([call, "(", "X", 4, 0, 0, 0, "echo", "t", "R", STOP])),
        `got a call of ${name}; nothing of it was run; save the state dict alone`,
      );
    // A class that is only made into an object does nothing either.
    const object = ["csubprocess\nPopen\n", ")", 0x81, "}", "b", STOP];
    expect(Object.keys(await readPyTorch(torchFile(object)))).toEqual([]);
  });

  it("that are cut short or make no sense", async () => {
    for (const pickle of [
      [],
      ["]"],
      [STOP],
      ["a", STOP],
      ["]", "]", STOP],
      [0x80, 9, "N", STOP],
      ["h", 5, STOP],
      ["t", STOP],
      ["(", STOP],
      ["N", "s", STOP],
      ["X", 255, 255, 255, 255, STOP],
      [0x8d, 255, 255, 255, 255, 255, 255, 255, 255, STOP],
      [0x8b, 255, 255, 255, 127, STOP],
      [0x8a, 255, STOP],
      ["I", "1e9\n", STOP],
      ["N", ")", "R", STOP],
      ["N", "Q", STOP],
      [0x82, 1, STOP],
      ["i", "os\nsystem\n", STOP],
    ])
      await refused(readPyTorch(torchFile(pickle)), /^pytorch file/);
  });

  it("hold texts and numbers whole, whatever Python wrote them", () => {
    const value = (...pickle: readonly (string | number)[]): unknown => {
      const bytes = pickle.flatMap((one) => (typeof one === "string" ? [...strToU8(one)] : [one]));
      const none = (): never => {
        throw new Error("nothing is called");
      };
      return readPickle(Uint8Array.from([...bytes, 0x2e]), { place: "p", call: none, persistent: none })[0];
    };
    // Python 2's strings: UTF-8 where they are that, else Latin-1, of any length.
    expect(value("U", 2, 0xc3, 0xa9)).toBe("\u00e9");
    expect(value("U", 3, 0x80, 0xe9, 0xff)).toBe("\u0080\u00e9\u00ff");
    expect(value("T", 0x10, 0x27, 0, 0, ...Array<number>(10_000).fill(0xe9))).toBe("\u00e9".repeat(10_000));
    expect(value("X", 3, 0, 0, 0, 0xef, 0xbb, 0xbf)).toBe("\ufeff");
    expect(() => value("X", 1, 0, 0, 0, 0xe9)).toThrow("expected a text in UTF-8");
    expect(value("I01\n")).toBe(true);
    expect(value("I-9007199254740993\n")).toBe(-9007199254740993n);
    expect(value("L12L\n")).toBe(12);
    // Protocol 0 can't name a storage, and writes texts with escapes.
    for (const line of ["S'a'\n", "Va\n", "F1.5\n", "Pa\n"])
      expect(() => value(line)).toThrow("expected an operation of pickle protocols 1 to 5");
  });

  it("are named as dictionaries name them, whatever the name", async () => {
    const odd = ["}", "X", 9, 0, 0, 0, "__proto__", ...view(0, [1], [1]), "s", STOP];
    const read = await readPyTorch(torchFile(odd));
    expect(Object.keys(read)).toEqual(["__proto__"]);
    const twice = ["}", "X", 3, 0, 0, 0, "a.b", ...view(0, [1], [1]), "s"];
    const inner = ["X", 1, 0, 0, 0, "a", "}", "X", 1, 0, 0, 0, "b", ...view(0, [1], [1]), "s", "s", STOP];
    await refused(readPyTorch(torchFile([...twice, ...inner])), /"a\.b": expected each name once/);
  });
});

describe("models of TensorFlow.js", () => {
  const model = (weights: unknown, paths: unknown = ["a.bin"]): Uint8Array =>
    strToU8(
      JSON.stringify({ format: "layers-model", modelTopology: {}, weightsManifest: [{ paths, weights }] }),
    );
  const w = { name: "w", shape: [2], dtype: "float32" };

  it("whose shards lie outside of their folder", async () => {
    const asked: string[] = [];
    const shards = (name: string): Uint8Array => {
      asked.push(name);
      return new Uint8Array(8);
    };
    const names = [
      "../a.bin",
      "/etc/passwd",
      "http://other/a.bin",
      "a/../../b",
      "a\\b",
      "..",
      "",
      "//x",
      "a?b",
      3,
    ];
    for (const name of names)
      await refused(readTfjs(model([w], ["a.bin", name]), shards), /names of shards inside of its folder/);
    expect(asked).toEqual([]);
    expect((await readTfjs(model([w], ["folder/a-1.bin"]), shards)).tensors["w"]!.shape).toEqual([2]);
  });

  it("whose weights are not what they say", async () => {
    const read = (weights: unknown): Promise<unknown> => readTfjs(model(weights), () => new Uint8Array(8));
    await refused(read([{ ...w, shape: [3] }]), /expected bytes 0 to 12 of a\.bin, got 8 bytes/);
    await refused(read([{ ...w, shape: [1] }]), /expected 4 bytes, got 8/);
    await refused(read([{ ...w, shape: [1e9, 1e9] }]), /536870912 elements/);
    await refused(read([{ ...w, shape: ["2"] }]), /536870912 elements/);
    await refused(read([{ ...w, shape: null }]), /a weight with name and shape/);
    await refused(read([{ ...w, dtype: "string" }]), /a dtype among float32, int32, bool, got string/);
    await refused(read([{ ...w, dtype: "__proto__" }]), /a dtype among/);
    await refused(
      read([{ ...w, quantization: { dtype: "uint8", scale: "1", min: 0 } }]),
      /with scale and min/,
    );
    await refused(read([{ ...w, quantization: { dtype: "int4" } }]), /got int4 of F32/);
    await refused(read([w, w]), /bytes 8 to 16/);
    await refused(read("w"), /a list of weights/);
    await refused(
      readTfjs(strToU8("{}"), () => new Uint8Array(0)),
      /a weightsManifest/,
    );
    await refused(
      readTfjs(strToU8("[".repeat(1e5)), () => new Uint8Array(0)),
      /model\.json: expected JSON/,
    );
    await refused(readWeights(model([w])), /tfjs model\.json: expected its shards, got none/);
  });
});

describe("HDF5 files", () => {
  const whole = new Uint8Array(
    readFileSync(new URL("../../../fixtures/keras-saved/emb_lstm_gru.weights.h5", import.meta.url)),
  );
  const changed = (letters: string, offset: number, value: number, nth = 0): Uint8Array => {
    const bytes = whole.slice();
    let at = -1;
    for (let k = 0; k <= nth; k++) at = Buffer.from(bytes).indexOf(letters, at + 1, "latin1");
    bytes[at + offset] = value;
    return bytes;
  };

  it("whose trees and heaps lead astray", async () => {
    await refused(readWeights(changed("TREE", 5, 9)), /keras file/);
    await refused(readWeights(changed("TREE", 4, 1)), /a node of type 0/);
    // A node of level 1 whose first child is itself.
    const circle = changed("TREE", 5, 1);
    const at = Buffer.from(circle).indexOf("TREE", 0, "latin1");
    new DataView(circle.buffer).setBigUint64(at + 32, BigInt(at), true);
    await refused(readWeights(circle), /a node of type 0 below its own/);
    await refused(readWeights(changed("SNOD", 0, 88)), /expected SNOD at offset \d+, got "XNOD"/);
    await refused(readWeights(changed("HEAP", 0, 88)), /expected HEAP/);
    await refused(readWeights(whole.subarray(0, 2000)), /bytes at offset \d+, got a file of 2000/);
    await refused(readWeights(whole.subarray(0, 9)), /got a file of 9/);
  });

  it("whose superblock is none that is known", async () => {
    for (const [at, value, words] of [
      [8, 7, /a superblock of version 0 or 1 or 2 or 3, got 7/],
      [13, 4, /addresses of 8 bytes, got 4 and 8/],
      [24, 1, /addresses from the beginning of the file, got from 1/],
    ] as const) {
      const bytes = whole.slice();
      bytes[at] = value;
      await refused(readWeights(bytes), words);
    }
  });

  /** A file of the newer form: a root whose header has these messages, and what stands behind it. */
  const modern = (messages: readonly Buffer[], behind: readonly Buffer[] = []): Buffer => {
    const superblock = Buffer.alloc(48);
    superblock.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 2, 8, 8]);
    superblock.writeBigUInt64LE(48n, 36);
    return Buffer.concat([superblock, header(messages), ...behind]);
  };
  const header = (messages: readonly Buffer[]): Buffer => {
    const head = Buffer.from("OHDR\u0002\u0002\0\0\0\0", "latin1");
    head.writeUInt32LE(
      messages.reduce((sum, { length }) => sum + length, 0),
      6,
    );
    return Buffer.concat([head, ...messages]);
  };
  const message = (type: number, data: Buffer): Buffer =>
    Buffer.concat([Buffer.from([type, data.length & 0xff, data.length >> 8, 0]), data]);
  const number64 = (value: number): Buffer => {
    const own = Buffer.alloc(8);
    own.writeBigUInt64LE(BigInt(value));
    return own;
  };

  it("that name one large header again and again", async () => {
    const link = (k: number, address: number): Buffer =>
      message(6, Buffer.concat([Buffer.from([1, 0, 4]), Buffer.from(`${1000 + k}`), number64(address)]));
    const links = (address: number): Buffer[] => Array.from({ length: 4000 }, (_, k) => link(k, address));
    const address = modern(links(0)).length;
    const large = header(Array.from({ length: 4000 }, () => message(0, Buffer.alloc(0))));
    const heap = process.memoryUsage().heapUsed;
    await refused(readWeights(modern(links(address), [large])), /"1000": expected a dataset, got an object/);
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(2 ** 28);
  });

  it("whose headers share a piece, so that together they are more than the file", async () => {
    const nothing = Array.from({ length: 4000 }, () => message(0, Buffer.alloc(0)));
    const shared = Buffer.concat([Buffer.from("OCHK"), ...nothing, Buffer.alloc(4)]);
    const goesOn = (address: number): Buffer =>
      header([message(16, Buffer.concat([number64(address), number64(shared.length)]))]);
    const size = goesOn(0).length;
    const file = (heads: number): Buffer => {
      const links = (start: number): Buffer[] =>
        Array.from({ length: heads }, (_, k) =>
          message(6, Buffer.concat([Buffer.from([1, 0, 1, 97 + k]), number64(start + k * size)])),
        );
      const start = modern(links(0)).length;
      const all = Array.from({ length: heads }, () => goesOn(start + heads * size));
      return modern(links(start), [...all, shared]);
    };
    await refused(readWeights(file(1)), /"a": expected a dataset, got an object/);
    await refused(readWeights(file(2)), /"b": expected headers that fit the file together, got more/);
  });

  it("whose texts are one long text again and again, or stand elsewhere", async () => {
    const attribute = (count: number, address: number, shared = 0): Buffer => {
      const name = Buffer.from("layer_names\0");
      const type = Buffer.from([0x19, 1, 0, 0, 16, 0, 0, 0]);
      const space = Buffer.concat([Buffer.from([2, 1, 0, 1]), number64(count)]);
      const sizes = Buffer.from([3, shared, name.length, 0, type.length, 0, space.length, 0, 0]);
      const one = Buffer.concat([Buffer.from([0, 0, 16, 0]), number64(address), Buffer.from([1, 0, 0, 0])]);
      return message(12, Buffer.concat([sizes, name, type, space, ...Array<Buffer>(count).fill(one)]));
    };
    const group = message(6, Buffer.concat([Buffer.from([1, 0, 1]), Buffer.from("a"), number64(48)]));
    const heap = Buffer.concat([
      ...[Buffer.from("GCOL\u0001\0\0\0", "latin1"), number64(2 ** 20 + 32)],
      ...[Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), number64(2 ** 20), Buffer.alloc(2 ** 20, 97)],
    ]);
    const file = (count: number, shared = 0): Buffer => {
      const root = (address: number): Buffer => modern([attribute(count, address, shared)]);
      return modern([attribute(count, root(0).length, shared)], [heap]);
    };
    await refused(
      readWeights(file(4000)),
      /expected texts in "layer_names" that fit the file together, got more/,
    );
    await refused(
      readWeights(file(1, 1)),
      /expected "layer_names" with a type of its own, got one that is shared/,
    );
    await refused(readWeights(modern([group])), /got one within itself/);
  });

  it("whose pieces are not each where it belongs, or are damaged", async () => {
    const pieces = readFileSync(new URL("../../../fixtures/files/pieces.h5", import.meta.url));
    // The tree of the first dataset in pieces: keys of 32 bytes and a child of 8 from byte 24 on.
    const tree = pieces.indexOf("TREE\u0001", 0, "latin1");
    const changedAt = (at: number, value: number): Uint8Array => {
      const own = Uint8Array.from(pieces);
      own[at] = value;
      return own;
    };
    const second = tree + 24 + 40;
    expect([...pieces.subarray(second + 8, second + 24)].filter((byte) => byte > 0)).toEqual([2]);
    await refused(
      readWeights(changedAt(second + 16, 0)),
      /each piece once, where one belongs, got one at \[0, 0\]/,
    );
    await refused(readWeights(changedAt(second + 16, 3)), /where one belongs, got one at \[0, 3\]/);
    await refused(readWeights(changedAt(second + 16, 8)), /where one belongs, got one at \[0, 8\]/);
    const [size, address] = [pieces.readUInt32LE(tree + 24), Number(pieces.readBigUInt64LE(tree + 24 + 32))];
    const last = address + size - 1;
    await refused(
      readWeights(changedAt(last, pieces[last]! ^ 1)),
      /expected contents that fit their checksum/,
    );
    await refused(
      readWeights(changedAt(tree + 6, pieces[tree + 6]! - 1)),
      /all pieces of the data, got 1 less/,
    );
  });
});
