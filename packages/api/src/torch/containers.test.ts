import { describe, expect, it } from "vitest";
import * as torch from "./index.js";
import { nn, type Tensor } from "./index.js";

const filled = <M extends nn.Module>(module: M, seed = 1): M => {
  torch.manualSeed(seed);
  return module.apply((one) => {
    for (const parameter of one.parameters()) nn.init.normal_(parameter);
  });
};

describe("nn.ModuleDict", () => {
  class Choosing extends nn.Module {
    readonly choices = new nn.ModuleDict({ up: new nn.Linear(2, 3), down: new nn.Linear(2, 3) });
    forward(x: Tensor, name: "up" | "down"): Tensor {
      return this.choices.get(name).call(x);
    }
  }

  it("holds modules by name, at once and traced", async () => {
    const module = filled(new Choosing());
    expect(Object.keys(module.stateDict()).sort()).toEqual(
      ["down", "up"].flatMap((name) => [`choices.${name}.bias`, `choices.${name}.weight`]),
    );
    const x = torch.tensor([[1, -2]]);
    for (const name of ["up", "down"] as const) {
      const now = module.call(x, name).tolist();
      expect((await module.run(x, name)).tolist()).toEqual(now);
      const own = module.choices.get(name);
      expect(now).toEqual(own.call(x).tolist());
    }
    expect(module.call(x, "up").tolist()).not.toEqual(module.call(x, "down").tolist());
    expect([...module.choices]).toEqual(["up", "down"]);
    expect(module.choices.keys()).toEqual(["up", "down"]);
    expect(module.choices.items().map(([, one], k) => one === module.choices.values()[k])).toEqual([
      true,
      true,
    ]);
    expect([module.choices.has("up"), module.choices.has("toString")]).toEqual([true, false]);
    module.dispose();
  });

  it("refuses what is no module by name, and names that mean something else", () => {
    const linear = new nn.Linear(1, 1);
    expect(() => new nn.ModuleDict([linear] as never)).toThrow("expected an object by name, got Array");
    expect(() => new nn.ModuleDict({ first: 3 } as never)).toThrow('got "first", Number');
    for (const name of ["forward", "a.b", "", "keys"])
      expect(() => new nn.ModuleDict({ [name]: linear })).toThrow(
        "a name without dots that nothing else has",
      );
    expect(() => new nn.ModuleDict(JSON.parse('{"__proto__": {}}') as never)).toThrow("nothing else has");
    expect(() => new nn.ModuleDict({ first: linear }).get("second" as never)).toThrow(
      "expected one of first, got second",
    );
    expect(() => new nn.ModuleDict({ first: linear }).call()).toThrow("call get(name) of it in forward");
  });
});

describe("nn.ModuleList", () => {
  it("is indexed, and says how long it is", () => {
    const [a, b] = [new nn.Linear(1, 1), new nn.Linear(1, 1)];
    const list = new nn.ModuleList([a, b]);
    expect([list.length, list.at(0) === a, list.at(-1) === b]).toEqual([2, true, true]);
    expect(() => list.at(2)).toThrow("expected an index from -2 to 1, got 2");
  });
});

describe("lists and objects of parameters", () => {
  class Mixing extends nn.Module {
    readonly scales = new nn.ParameterList(
      [torch.tensor([2]), torch.tensor([3])].map((one) => new nn.Parameter(one)),
    );
    readonly shifts = new nn.ParameterDict({ left: new nn.Parameter(torch.tensor([10])) });
    forward(x: Tensor): Tensor {
      let y = x;
      for (const scale of this.scales) y = y.mul(scale);
      return y.add(this.shifts.get("left")).add(this.scales.at(-1));
    }
  }

  it("are weights of the module, seen by a trace when others are loaded", async () => {
    const module = new Mixing();
    expect(module.namedParameters().map(([name]) => name)).toEqual(["scales.0", "scales.1", "shifts.left"]);
    const x = torch.tensor([1, 2]);
    const both = async (): Promise<unknown> => {
      const now = module.call(x).tolist();
      expect((await module.run(x)).tolist()).toEqual(now);
      return now;
    };
    expect(await both()).toEqual([19, 25]);
    module.loadStateDict({
      "scales.0": torch.tensor([1]),
      "scales.1": torch.tensor([0]),
      "shifts.left": torch.tensor([5]),
    });
    expect(await both()).toEqual([5, 5]);
    expect([module.scales.length, [...module.scales].length]).toEqual([2, 2]);
    expect([module.shifts.keys(), [...module.shifts], module.shifts.has("left")]).toEqual([
      ["left"],
      ["left"],
      true,
    ]);
    expect(module.shifts.items().map(([name, one]) => [name, one === module.shifts.values()[0]])).toEqual([
      ["left", true],
    ]);
    module.dispose();
  });

  it("refuse what is none", () => {
    expect(() => new nn.ParameterList({} as never)).toThrow("expected a list of parameters, got Object");
    expect(() => new nn.ParameterList([torch.ones(2)] as never)).toThrow("EagerTensor");
    expect(() => new nn.ParameterDict({ load: new nn.Parameter(torch.ones(2)), get: 1 } as never)).toThrow(
      "get",
    );
    expect(() => new nn.ParameterList([]).at(0)).toThrow("mind its length");
    expect(() => new nn.ParameterDict().get("__proto__")).toThrow("got __proto__");
    expect(() => new nn.ParameterList([]).call()).toThrow("use its parameters in forward");
    expect(() => new nn.ParameterDict().call()).toThrow("use its parameters in forward");
  });
});

/** A module whose attributes have names that the class they extend could have for itself. */
class Named extends nn.Module {
  readonly parts = new nn.ModuleList([new nn.Linear(2, 2)]);
  readonly engine = new nn.Parameter(torch.tensor([2]));
  readonly weightsOf = new nn.Buffer(torch.tensor([3]));
  readonly takes = 1;
  readonly composed = false;
  readonly options = { tie: 1, weightAt: 2 };
  readonly calls = "";
  readonly runs = 0;
  parameterOwners(): string {
    return "own";
  }
  reset(): Tensor {
    return torch.zeros(2);
  }
  applied(x: Tensor): Tensor {
    return this.parts.at(0).call(x);
  }
  assertFew(): boolean {
    return true;
  }
  tie(): null {
    return null;
  }
  weightAt(): null {
    return null;
  }
  layer(): null {
    return null;
  }
  forward(x: Tensor): Tensor {
    return this.applied(x).mul(this.engine).add(this.weightsOf).add(this.reset());
  }
}

describe("attributes of any name", () => {
  it("are the module's own", async () => {
    const module = filled(new Named());
    expect(Object.keys(module.stateDict())).toEqual([
      "engine",
      "parts.0.weight",
      "parts.0.bias",
      "weightsOf",
    ]);
    const x = torch.tensor([1, -2]);
    const now = module.call(x).tolist();
    expect((await module.run(x)).tolist()).toEqual(now);
    module.loadStateDict({ ...module.stateDict(), engine: torch.tensor([0]) });
    expect(module.call(x).tolist()).toEqual([3, 3]);
    expect((await module.run(x)).tolist()).toEqual([3, 3]);
    const names = [
      "parts",
      "engine",
      "reset",
      "weightsOf",
      "takes",
      "composed",
      "applied",
      "tie",
      "weightAt",
    ];
    const all = new nn.ModuleDict(Object.fromEntries(names.map((name) => [name, new nn.Linear(1, 1)])));
    expect(all.namedChildren().map(([name]) => name)).toEqual(names);
    module.dispose();
  });
});

describe("a module", () => {
  class Inner extends nn.Module {
    readonly table = this.registerBuffer(
      "table",
      torch.tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    readonly places = new nn.Buffer(torch.tensor([1, 0], { dtype: "long" }));
    readonly scratch = this.registerBuffer("scratch", torch.ones(2), { persistent: false });
    readonly scale = this.registerParameter("scale", new nn.Parameter(torch.tensor([2])));
    forward(x: Tensor): Tensor {
      return x.matmul(this.table).indexSelect(-1, this.places).mul(this.scale).add(this.scratch);
    }
  }
  class Outer extends nn.Module {
    readonly inner = this.registerModule("inner", new Inner());
    readonly norm = new nn.BatchNorm1d(2);
    forward(x: Tensor): Tensor {
      return this.inner.call(x);
    }
  }
  const others = {
    "inner.table": { dtype: "F64", shape: [2, 2], data: Float64Array.of(0, 1, 1, 0) },
    "inner.places": { dtype: "I64", shape: [2], data: BigInt64Array.of(0n, 1n) },
    "inner.scale": torch.tensor([1]),
  } as const;

  it("has parameters, buffers and modules by name", () => {
    const module = new Outer();
    expect(
      module
        .namedParameters()
        .map(([name]) => name)
        .sort(),
    ).toEqual(["inner.scale", "norm.bias", "norm.weight"]);
    expect(
      module
        .namedBuffers()
        .map(([name]) => name)
        .sort(),
    ).toEqual(
      ["inner.places", "inner.scratch", "inner.table", "norm.running_mean", "norm.running_var"].sort(),
    );
    expect(module.namedBuffers().map(([, one], k) => one === module.buffers()[k])).not.toContain(false);
    expect(Object.keys(module.stateDict()).sort()).toEqual(["inner.places", "inner.scale", "inner.table"]);
    expect(module.getParameter("inner.scale")).toBe(module.inner.scale);
    expect(() => module.getParameter("inner.table")).toThrow(
      "expected a weight that it has, got inner.table",
    );
    const order: string[] = [];
    expect(module.apply((one) => order.push(one.constructor.name))).toBe(module);
    expect(order).toEqual(["Inner", "BatchNorm1d", "Outer"]);
    expect([module.requiresGrad_(false) === module, module.zeroGrad()]).toEqual([true, undefined]);
  });

  it("loads buffers of its own, as they stand in a file, and a trace sees them", async () => {
    const module = new Outer();
    const x = torch.tensor([[1, 10]]);
    const both = async (): Promise<unknown> => {
      const now = module.call(x).tolist();
      expect((await module.run(x)).tolist()).toEqual(now);
      return now;
    };
    expect(await both()).toEqual([[85, 63]]);
    const before = module.stateDict();
    const loaded = module.loadStateDict(others, { strict: false });
    expect(loaded.missingKeys.every((name) => name.startsWith("norm."))).toBe(true);
    expect(await both()).toEqual([[11, 2]]);
    module.loadStateDict(before, false);
    expect(await both()).toEqual([[85, 63]]);
    module.inner.places.load([0, 0]);
    expect(await both()).toEqual([[63, 63]]);
    module.dispose();
  });

  it("lists buffers that a state dict lacks, and refuses what they can't be", () => {
    const module = new Inner();
    expect(() => module.loadStateDict({ scale: torch.tensor([1]) })).toThrow(/table \[2, 2\].*places \[2\]/);
    expect(module.loadStateDict({}, { strict: false }).missingKeys).toEqual(["scale", "table", "places"]);
    const whole = (data: BigInt64Array): object => ({
      ...module.stateDict(),
      places: { dtype: "I64", shape: [2], data },
    });
    expect(() => module.loadStateDict(whole(BigInt64Array.of(0n, 16777217n)) as never)).toThrow(
      "larger ones",
    );
    const parts = { ...module.stateDict(), places: torch.tensor([0.5, 1]) };
    expect(() => module.loadStateDict(parts)).toThrow("expected 2 int32 values, got others");
    expect(() => new nn.Buffer(3 as never)).toThrow("expected a tensor, got Number");
    expect(() => module.table.load([1])).toThrow("expected 4 float32 values, got 1");
    expect(() => module.registerBuffer("scale", torch.ones(1))).toThrow("registerBuffer of Inner");
    expect(() => module.registerParameter("table", new nn.Parameter(torch.ones(1)))).toThrow('got "table"');
    expect(() => module.registerBuffer("forward", torch.ones(1))).toThrow("nothing else has");
    expect(module.registerBuffer("table", torch.ones(1)).tolist()).toEqual([1]);
  });

  it("sees other values of a module of PyTorch's own that has parameters in attributes", async () => {
    class Sloped extends nn.Module {
      readonly act = new nn.PReLU();
      forward(x: Tensor): Tensor {
        return this.act.call(x);
      }
    }
    const module = new Sloped();
    const x = torch.tensor([-4, 4]);
    expect((await module.run(x)).tolist()).toEqual([-1, 4]);
    nn.init.constant_(module.act.weight, 0.5);
    expect([module.call(x).tolist(), (await module.run(x)).tolist()]).toEqual([
      [-2, 4],
      [-2, 4],
    ]);
    module.dispose();
  });
});
