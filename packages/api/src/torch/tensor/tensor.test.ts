import { describe, expect, it } from "vitest";
import { isUnrollError } from "../../contract/error.js";
import { arange, ones, tensor, zeros } from "./creation.js";
import { einsum } from "./functions.js";
import * as torch from "../index.js";
import { Tensor, where } from "./tensor.js";

const x = arange(12).float().view(3, 4);
const v = tensor([1, 2, 3, 4]);
const i = tensor([1, 0, 2], { dtype: "int64" });
const flags = tensor([true, false, true]);
const ids = (...places: number[]): Tensor => tensor(places, { dtype: "int64" });
/** As JavaScript without types has it. */
const any = x as any;

const refused: readonly (readonly [string, () => unknown, string])[] = [
  // Dims and shapes.
  ["sum(2)", () => x.sum(2), "sum: expected dim from -2 to 1, got 2; the tensor has 2 axes"],
  ["sum(-3)", () => x.sum(-3), "sum: expected dim from -2 to 1, got -3"],
  ["sum(0.5)", () => x.sum(0.5), "sum: expected dim from -2 to 1, got 0.5"],
  ["sum([0, -2])", () => x.sum([0, -2]), "sum: expected each dim once"],
  ["sum of an unknown option", () => x.sum({ axis: 1 } as object), 'got "axis"'],
  [
    "sum with options and more",
    () => any.sum({ dim: 1 }, true),
    "sum: expected no further arguments, got true",
  ],
  ["add of [3, 4] and [3]", () => x.add(ones(3)), "add: expected shapes that broadcast, got [3, 4] and [3]"],
  ["where of [3] and [4]", () => where(flags, v, 0), "where: expected shapes that broadcast"],
  ["view(5, -1)", () => x.view(5, -1), "view: expected a shape of 12 elements, got [5, -1]"],
  ["view(-1, -1)", () => x.view(-1, -1), "view: expected a shape of 12 elements"],
  ["reshape(13)", () => x.reshape(13), "reshape: expected a shape of 12 elements, got [13]"],
  ["unflatten", () => x.unflatten(1, [3, -1]), "unflatten: expected a shape of 4 elements"],
  ["flatten(1, 0)", () => x.flatten(1, 0), "flatten: expected startDim not after endDim"],
  ["permute(0, 0)", () => x.permute(0, 0), "permute: expected each of 2 dims once, got [0, 0]"],
  ["permute(1)", () => x.permute(1), "permute: expected each of 2 dims once"],
  ["t() of 3 axes", () => ones(1, 2, 3).t(), "t: expected a matrix at most, got [1, 2, 3]"],
  ["mT of a vector", () => v.mT, "transpose: expected dim from -1 to 0, got -2"],
  ["expand(2, 4)", () => x.expand(2, 4), "expand: expected sizes that [3, 4] stretches to, got [2, 4]"],
  ["expand(4)", () => x.expand(4), "expand: expected sizes that [3, 4] stretches to"],
  ["repeat(2)", () => x.repeat(2), "repeat: expected at least 2 numbers, got 1"],
  ["repeat(0, 1)", () => x.repeat(0, 1), "repeat: expected sizes as whole numbers"],
  ["roll of two along one", () => x.roll([1, 2], 0), "roll: expected 1 whole numbers, got [1,2]"],
  ["size(2)", () => x.size(2), "size: expected dim from -2 to 1, got 2"],
  ["size(0) of a scalar", () => tensor(1).size(0), "size: expected a tensor with axes, got a scalar"],
  ["item() of several", () => x.item(), "item: expected one element, got [3, 4]; tolist()"],
  ["unbind of a scalar", () => tensor(1).unbind(), "unbind: expected a tensor with axes"],
  ["split(0)", () => x.split(0), "split: expected sizes that make 3, got 0"],
  ["split([1, 1])", () => x.split([1, 1]), "split: expected sizes that make 3, got [1,1]"],
  ["chunk(0)", () => x.chunk(0), "chunk: expected a number of parts of at least 1, got 0"],
  ["softmax()", () => any.softmax(), "softmax: expected a dim, got none"],
  ["topk(5)", () => x.topk(5), "topk: expected k from 1 to 4, got 5"],
  ["topk(0)", () => x.topk(0), "topk: expected k from 1 to 4, got 0"],
  ["tril of a vector", () => v.tril(), "tril: expected at least 2 axes, got [4]"],
  ["norm of a text", () => x.norm("nuc" as "fro"), 'norm: expected a number or "fro" as p, got "nuc"'],
  [
    "var of both",
    () => x.var({ correction: 0, unbiased: false }),
    "var: expected correction or unbiased, got both",
  ],
  ["div by a mode", () => x.div(2, { roundingMode: "up" as "floor" }), 'div: expected roundingMode "floor"'],
  // Products.
  ["matmul", () => x.matmul(x), "matmul: expected [..., m, k] and [..., k, n], got [3, 4] and [3, 4]"],
  ["matmul of a scalar", () => x.matmul(tensor(1)), "matmul: expected [..., m, k] and [..., k, n]"],
  ["mm of a vector", () => x.mm(v), "mm: expected tensors of 2 and 2 axes, got [3, 4] and [4]"],
  ["bmm of batches", () => ones(2, 3, 4).bmm(ones(3, 4, 5)), "bmm: expected tensors of 3 and 3 axes"],
  ["dot of lengths", () => v.dot(ones(3)), "dot: expected [..., m, k] and [..., k, n]"],
  ["matmul of ids", () => x.matmul(ids(1, 2, 3, 4)), "matmul: expected float32, got int32"],
  ["einsum with a dot", () => einsum(".i->i", x), "einsum: expected letters, ellipses, commas and one arrow"],
  ["einsum of two ellipses", () => einsum("...i...->i", x), "got ...i...->i"],
  ["einsum of too many letters", () => einsum("...abc->a", x), 'einsum: expected 3 axes for "...abc"'],
  ["einsum of too few", () => einsum("ij,j->i", x), "einsum: expected 2 tensors, as ij,j->i has, got 1"],
  ["einsum of axes", () => einsum("i->i", x), 'einsum: expected 1 axes for "i", got [3, 4]'],
  ["einsum of sizes", () => einsum("ij,i->j", x, v), 'einsum: expected 3 elements along "i", got 4'],
  ["einsum to a new letter", () => einsum("ij->k", x), "einsum: expected each letter of the output once"],
  ["einsum of no square", () => einsum("ii->i", x), 'einsum: expected 3 elements along "i", got 4'],
  ["einsum of a flat square", () => einsum("ii->i", ones(1, 2)), 'elements along "i"'],
  ["einsum to a letter twice", () => einsum("i->ii", v), "einsum: expected each letter of the output once"],
  // Dtypes.
  [
    "to('cuda')",
    () => x.to("cuda" as "float"),
    'to: expected float32, float, int32, int, int64, long, bool, got "cuda"',
  ],
  ["mean of ids", () => i.mean(), "mean: expected floats, got int32; make them by float()"],
  ["softmax of ids", () => i.softmax(0), "softmax: expected floats, got int32"],
  ["var of ids", () => i.var(), "var: expected floats, got int32"],
  ["norm of ids", () => i.norm(), "norm: expected floats, got int32"],
  ["flags less flags", () => flags.sub(flags), "sub: expected numbers, got two tensors of flags"],
  ["flags less 1", () => flags.sub(1), "sub: expected numbers, got a tensor of flags"],
  ["-flags", () => flags.neg(), "neg: expected numbers, got a tensor of flags"],
  ["flags ** flags", () => flags.pow(flags), "pow: expected numbers, got two tensors of flags"],
  ["ids ** -1", () => i.pow(-1), "pow: expected floats, or an exponent of at least 0, got int32 to the -1"],
  [
    "ids // 0",
    () => i.floorDivide(0),
    "floorDivide: expected whole numbers other than 0 to divide by, got 0",
  ],
  ["ids % ids with 0", () => i.remainder(i), "remainder: expected whole numbers other than 0"],
  ["where of numbers", () => where(v, v, 0), "where: expected a condition of bool, got float32"],
  ["maskedFill by several", () => x.maskedFill(x.gt(0), v), "maskedFill: expected one value, got [4]"],
  // What is none.
  ["add(undefined)", () => any.add(undefined), "add: expected a tensor or a number, got undefined"],
  ["add of a text", () => any.add("1"), 'add: expected a tensor or a number, got "1"'],
  ["add of an unknown option", () => any.add(1, { beta: 2 }), 'got "beta"'],
  [
    "add of data that is too short",
    () => any.add({ dtype: "float32", shape: [5], data: v.data }),
    "5 values for shape [5]",
  ],
  ["matmul of null", () => any.matmul(null), "matmul: expected a tensor or a number, got null"],
  // Places that there are not.
  ["at(3)", () => x.at(3), "at: expected an index from -3 to 2 of axis 0, got 3"],
  ["at(-4)", () => x.at(-4), "at: expected an index from -3 to 2 of axis 0, got -4"],
  ["at(0, 0, 0)", () => x.at(0, 0, 0), "at: expected at most 2 indices, got 3"],
  ["at(0.5)", () => x.at(0.5), "at: expected an index from -3 to 2 of axis 0, got 0.5"],
  ["at('1')", () => x.at("1"), 'at: expected an index, a slice or ..., got "1"'],
  ["at('::-1')", () => x.at("::-1"), "at: expected a step of at least 1"],
  ["at of two ...", () => x.at("...", "..."), "at: expected one ... at most"],
  ["at([0, 3])", () => x.at([0, 3]), "at: expected places from -3 to 2, got 3"],
  ["at([-4])", () => x.at([-4]), "at: expected places from -3 to 2, got -4"],
  ["at(':', [4])", () => x.at(":", [4]), "at: expected places from -4 to 3, got 4"],
  ["at of places in a row after", () => x.at([0, 1], [0, 4]), "at: expected places from -4 to 3, got 4"],
  [
    "at of places apart",
    () => ones(2, 2, 2).at([0], ":", [0]),
    "at: expected tensors of places side by side",
  ],
  ["at of floats", () => x.at(v), "at: expected whole numbers (int32), got float32"],
  ["at of flags of another shape", () => x.at(x.gt(0).t()), "at: expected flags of the first axes of [3, 4]"],
  ["select(0, 3)", () => x.select(0, 3), "at: expected an index from -3 to 2 of axis 0, got 3"],
  ["narrow past the end", () => x.narrow(0, 2, 2), "narrow: expected start and length within dim 0"],
  ["narrow of nothing", () => x.narrow(0, 0, 0), "narrow: expected start and length"],
  ["indexSelect(0, [3])", () => x.indexSelect(0, [3]), "indexSelect: expected places from 0 to 2, got 3"],
  ["indexSelect(0, [-1])", () => x.indexSelect(0, [-1]), "indexSelect: expected places from 0 to 2, got -1"],
  ["gather of 4 in 4", () => x.gather(1, ids(4).view(1, 1)), "gather: expected places from 0 to 3, got 4"],
  ["gather of -1", () => x.gather(1, ids(-1).view(1, 1)), "gather: expected places from 0 to 3, got -1"],
  ["gather of a vector", () => x.gather(1, ids(0)), "gather: expected an index of 2 axes"],
  [
    "gather of more rows",
    () => x.gather(1, zeros(4, 1).long()),
    "gather: expected an index of 2 axes, within [3, 4]",
  ],
  ["gather of floats", () => x.gather(1, zeros(3, 1)), "gather: expected whole numbers (int32)"],
  ["an empty tensor", () => x.at("3:").add(1), "add: expected at least one element, got [0, 4]"],
  // Names and operators.
  ["x.length", () => any.length, "got .length; size(0) is the length of the first axis"],
  ["x.backward()", () => any.backward(), "got .backward; there are no gradients here"],
  ["x.add_(1)", () => any.add_(1), "got .add_; nothing changes a tensor in place"],
  ["x.copy_()", () => any.copy_(), "got .copy_; nothing changes a tensor in place"],
  [
    "x.zero_()",
    () => any.zero_(),
    "nothing changes a tensor in place; use the result of the method without _",
  ],
  ["x.soft_max()", () => any.soft_max(1), "got .soft_max; the nearest is softmax()"],
  ["x.cuda()", () => any.cuda(), "module.to(adapter) chooses an engine"],
  ["x[3]", () => any[3], "at: expected an index from -3 to 2 of axis 0, got 3"],
  ["x + x", () => any + any, "got an operator of JavaScript; write a.add(b)"],
  ["x == 1", () => any == 1, "got an operator of JavaScript"],
  ["x * 2 of several", () => any * 2, "item: expected one element, got [3, 4]"],
];

describe("a tensor refuses, and says what to do instead", () => {
  it.each(refused)("%s", (_, act, message) => {
    let error: unknown;
    try {
      act();
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error | undefined)?.message).toContain(message);
    expect(isUnrollError(error)).toBe(true);
    expect((error as Error).message).toMatch(/^.+: expected .+, got .+; .+$/s);
  });
});

describe("a tensor", () => {
  it("is gone through along its first axis", () => {
    expect([...x].map((row) => row.tolist())).toEqual(x.tolist());
    const [first, , third] = x;
    expect([first!.tolist(), third!.tolist()]).toEqual([
      [0, 1, 2, 3],
      [8, 9, 10, 11],
    ]);
    const rows: number[] = [];
    for (const row of x) rows.push(row.sum().item());
    expect(rows).toEqual([6, 22, 38]);
  });

  it("has x[0] and x[-1] as Python does", () => {
    expect(any[0].tolist()).toEqual([0, 1, 2, 3]);
    expect(any["-1"].tolist()).toEqual([8, 9, 10, 11]);
  });

  it("is what the runtime takes for a plain value", async () => {
    expect(await x).toBe(x);
    expect(Tensor.prototype.isPrototypeOf(x)).toBe(true);
    expect(JSON.parse(JSON.stringify(v)).shape).toEqual([4]);
    expect(Object.keys(v)).toEqual(["dtype", "shape", "data"]);
    expect(structuredClone({ ...v })).toEqual({
      dtype: "float32",
      shape: [4],
      data: Float32Array.of(1, 2, 3, 4),
    });
  });

  it("of one element is a number where one is asked for", () => {
    expect(Number(tensor(2.5))).toBe(2.5);
    expect(Math.max(3, tensor([4]) as unknown as number)).toBe(4);
    expect(`${tensor([1, 2])}`).toBe("tensor([1., 2.])");
  });

  it("leaves its operands as they were", () => {
    const before = x.tolist();
    for (const one of [x.add(1), x.relu(), x.sort(1)[0], x.view(4, 3).mul(2), x.at(0).add(5), x.clamp(1, 2)])
      expect(one.data).not.toBe(x.data);
    expect(x.tolist()).toEqual(before);
    const copy = x.clone();
    copy.data[0] = 77;
    expect(x.tolist()).toEqual(before);
  });

  it("takes plain tensors and lists of places as operands", () => {
    const plain = { dtype: "float32", shape: [4], data: Float32Array.of(1, 2, 3, 4) } as const;
    expect(x.add(plain).tolist()).toEqual(x.add(v).tolist());
    expect(x.matmul(plain).tolist()).toEqual(x.matmul(v).tolist());
    expect(x.indexSelect(1, [3, 0]).tolist()).toEqual([
      [3, 0],
      [7, 4],
      [11, 8],
    ]);
  });

  it("sorts many elements at once", () => {
    const many = arange(50_000).float().mul(0.73).sin();
    const [values, places] = many.sort();
    expect(values.at("1:").ge(values.at(":-1")).all().item()).toBe(1);
    expect(many.at(places).data).toEqual(values.data);
  });
});

it.each<[string, (x: any) => unknown, string]>([
  ["x.mul(y, z)", (x) => x.mul(2, 3), "mul: expected no further arguments, got 3; it takes 1"],
  ["x.round({ decimals: 2 })", (x) => x.round({ decimals: 2 }), "it takes 0"],
  ["x.flatten(0, 1, 2)", (x) => x.flatten(0, 1, 2), "it takes 2"],
  ["torch.exp(x, out)", (x) => (torch.exp as any)(x, x), "exp: expected no further arguments"],
  ["torch.stack([x], 0, x)", (x) => (torch.stack as any)([x], 0, 1), "stack: expected no further arguments"],
])("%s is refused, as JavaScript would drop what it is given", (_, call, message) => {
  expect(() => call(torch.tensor([[1, 2]]))).toThrow(message);
});

it("takes torch.topk and torch.max in PyTorch's order of arguments", () => {
  const x = torch.tensor([3, 1, 2]);
  expect(torch.topk(x, 2, 0, false)[0].tolist()).toEqual([1, 2]);
  expect(torch.max(x, torch.tensor([0, 5, 2])).tolist()).toEqual([3, 5, 2]);
  expect(torch.max(x, 0)[1].item()).toBe(0);
});
