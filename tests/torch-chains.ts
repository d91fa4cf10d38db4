import * as torch from "@unroll/api/torch";

// Random chains of operations on tensors: eager and traced have to agree on them, on every engine.

const { nn } = torch;
type Tensor = torch.Tensor;

/** Operations that any tensor has, and that give one of at least one axis; numbers choose among its axes. */
const steps: Readonly<Record<string, (x: Tensor, n: number, own: Tensor) => Tensor>> = {
  add: (x, n) => x.add(n / 3),
  times: (x, n) => x.mul(torch.tensor([0.5, -1, 2][n % 3]!)),
  own: (x, _n, own) => x.mul(own.at(0)),
  tanh: (x) => x.tanh(),
  softmax: (x, n) => x.softmax(n % x.dim()),
  last: (x, n) => x.at("...", (n % x.size(-1)) - x.size(-1)).unsqueeze(0),
  part: (x, n) => x.narrow(n % x.dim(), 0, Math.max(1, x.size(n % x.dim()) - 1)),
  flat: (x) => x.flatten(),
  turned: (x, n) => x.transpose(0, n % x.dim()),
  sum: (x, n) => x.sum(n % x.dim(), true),
  cumsum: (x, n) => x.cumsum(n % x.dim()),
  largest: (x, n) => x.max(n % x.dim(), true)[0],
  where: (x, n) => torch.where(x.gt(n / 10), x, x.neg()),
  best: (x, n) =>
    x
      .argmax(n % x.dim(), true)
      .float()
      .div(7),
  twice: (x, n) => torch.cat([x, x.flip(0)], n % x.dim()),
  apart: (x) => torch.stack([...x].reverse()),
  every: (x) => x.at("::2"),
  picked: (x, n) => x.indexSelect(0, [n % x.size(0), 0]),
  product: (x) => x.view(-1, 1).matmul(x.view(1, -1)).at(0),
  loop: (x) => [...x].reduce((sum, one) => sum.mul(0.5).add(one)).unsqueeze(0),
  norm: (x) => x.sub(x.mean()).div(x.std({ correction: 0 }).add(1)),
};

/** Every step, by name. */
export const stepNames = Object.keys(steps);

/** Steps one after the other, each with a number. */
export class Chain extends nn.Module {
  readonly own = new nn.Parameter(torch.tensor([0.75]));
  constructor(readonly chain: readonly (readonly [step: string, n: number])[]) {
    super();
  }
  forward(x: Tensor): Tensor {
    // Long products would grow without end.
    return this.chain.reduce(
      (value, [step, n]) => steps[step]!(value, n, this.own).clamp(-100, 100).view(-1).at(":60").view(-1, 1),
      x,
    );
  }
}
