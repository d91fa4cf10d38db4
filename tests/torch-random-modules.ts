import * as torch from "@unroll/api/torch";
import fc from "fast-check";

// Random modules over sequences [time, batch, features], nested: what PyTorch's users put together.

const { nn, F } = torch;
type Tensor = torch.Tensor;

/** A part that takes and returns a sequence. */
type Part = torch.nn.Module & { call(x: Tensor): Tensor };

/** A whole recurrent layer, whose outputs go on. */
class Layer extends nn.Module {
  readonly rnn: torch.nn.LSTM | torch.nn.GRU | torch.nn.RNN;
  constructor(kind: "LSTM" | "GRU" | "RNN", size: number, n: number) {
    super();
    const options = { numLayers: 1 + (n % 2), bidirectional: n % 3 === 0 };
    this.rnn = new nn[kind](size, options.bidirectional ? size / 2 : size, options);
  }
  forward(x: Tensor): Tensor {
    return this.rnn.call(x)[0] as unknown as Tensor;
  }
}

/** A cell in a loop over time, as one writes it by hand. */
class Looped extends nn.Module {
  readonly cell: torch.nn.LSTMCell | torch.nn.GRUCell;
  constructor(
    readonly kind: "LSTMCell" | "GRUCell",
    readonly size: number,
    readonly n: number,
  ) {
    super();
    this.cell = new nn[kind](size, size);
  }
  forward(x: Tensor): Tensor {
    const zeros = torch.zeros(x.size(1), this.size);
    const outputs: Tensor[] = [];
    let state: unknown = this.kind === "LSTMCell" ? [zeros, zeros] : zeros;
    for (const step of x) {
      state = (this.cell as { call(x: Tensor, state: unknown): unknown }).call(step, state);
      outputs.push((Array.isArray(state) ? state[0] : state) as Tensor);
    }
    return torch.stack(this.n % 2 === 0 ? outputs : outputs.reverse());
  }
}

/** A cell of tensors alone, with its weights in parameters. */
class ByHand extends nn.Module {
  readonly wIh: torch.nn.Parameter;
  readonly wHh: torch.nn.Parameter;
  readonly bias: torch.nn.Parameter;
  constructor(readonly size: number) {
    super();
    this.wIh = new nn.Parameter(torch.zeros(2 * size, size));
    this.wHh = new nn.Parameter(torch.zeros(2 * size, size));
    this.bias = new nn.Parameter(torch.zeros(2 * size));
  }
  forward(x: Tensor): Tensor {
    let h = torch.zeros(x.size(1), this.size);
    const outputs = [...x].map((step) => {
      const gates = step.matmul(this.wIh.t()).add(h.matmul(this.wHh.t())).add(this.bias);
      const [keep, next] = gates.chunk(2, 1) as [Tensor, Tensor];
      h = keep.sigmoid().mul(h).add(keep.sigmoid().neg().add(1).mul(next.tanh()));
      return h;
    });
    return torch.stack(outputs);
  }
}

class Pointwise extends nn.Module {
  readonly linear: torch.nn.Linear;
  readonly norm: torch.nn.LayerNorm;
  constructor(
    size: number,
    readonly n: number,
  ) {
    super();
    this.linear = new nn.Linear(size, size, { bias: n % 2 === 0 });
    this.norm = new nn.LayerNorm(size);
  }
  forward(x: Tensor): Tensor {
    const read = this.linear.call(x);
    const act = [F.relu, F.tanh, F.sigmoid, F.softplus][this.n % 4]!;
    return this.n % 3 === 0 ? this.norm.call(act(read)) : act(read);
  }
}

/** Looks over time: each step at all of them. */
class Attending extends nn.Module {
  readonly query: torch.nn.Linear;
  constructor(size: number) {
    super();
    this.query = new nn.Linear(size, size);
  }
  forward(x: Tensor): Tensor {
    const rows = x.transpose(0, 1);
    const scores = this.query.call(rows).bmm(rows.transpose(1, 2)).softmax(-1);
    return scores.bmm(rows).transpose(0, 1);
  }
}

/** Parts one after the other, past which what came in goes too. */
class Residual extends nn.Module {
  readonly within: torch.nn.ModuleList;
  constructor(parts: readonly Part[]) {
    super();
    this.within = new nn.ModuleList(parts);
  }
  forward(x: Tensor): Tensor {
    return [...this.within].reduce((value, part) => (part as Part).call(value), x).add(x);
  }
}

/** What a part is made of. */
interface Plan {
  readonly kind: string;
  readonly n: number;
  readonly parts: readonly Plan[];
}

const makers: Readonly<Record<string, (size: number, plan: Plan) => torch.nn.Module>> = {
  lstm: (size, { n }) => new Layer("LSTM", size, n),
  gru: (size, { n }) => new Layer("GRU", size, n),
  rnn: (size, { n }) => new Layer("RNN", size, n),
  lstmCell: (size, { n }) => new Looped("LSTMCell", size, n),
  gruCell: (size, { n }) => new Looped("GRUCell", size, n),
  byHand: (size) => new ByHand(size),
  pointwise: (size, { n }) => new Pointwise(size, n),
  attending: (size) => new Attending(size),
  residual: (size, { parts }) => new Residual(parts.map((part) => moduleOf(part, size))),
};

/** Every kind of part. */
export const kinds: readonly string[] = Object.keys(makers);

/** Kinds that a plan has. */
export const kindsOf = ({ kind, parts }: Plan): string[] => [kind, ...parts.flatMap(kindsOf)];

/** The module of a plan, features of `size`, an even number. */
export const moduleOf = (plan: Plan, size: number): Part => makers[plan.kind]!(size, plan) as Part;

const leaf = fc.record({
  kind: fc.constantFrom(...kinds.filter((kind) => kind !== "residual")),
  n: fc.nat(11),
  parts: fc.constant([] as readonly Plan[]),
});

/** Plans: parts within parts, two deep. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constant("residual"),
  n: fc.constant(0),
  parts: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: leaf },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("residual"),
          n: fc.constant(0),
          parts: fc.array(leaf, { minLength: 1, maxLength: 2 }),
        }),
      },
    ),
    { minLength: 1, maxLength: 3 },
  ),
});

/** Gives every weight of a module values of a seed. */
export function drawWeights(module: torch.nn.Module, seed: number): void {
  torch.manualSeed(seed);
  const drawn = module.namedParameters().map(([name, { shape }]) => [name, torch.randn(shape).mul(0.5)]);
  module.loadStateDict(Object.fromEntries(drawn) as Record<string, Tensor>);
}
