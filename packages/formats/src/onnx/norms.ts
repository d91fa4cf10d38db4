import type { Tensor } from "@unroll/api/torch";
import type { NodeCall, Operators, Results } from "./node-call.js";

/** One number a channel, beside [batch, channels, ...]. */
const perChannel = (of: Tensor, x: Tensor): Tensor => of.reshape([-1, ...x.shape.slice(2).map(() => 1)]);

/** (x - mean) / √(variance + ε), with what it was made by. */
function normalized(
  x: Tensor,
  dim: readonly number[],
  epsilon: number,
): [y: Tensor, mean: Tensor, scale: Tensor] {
  const mean = x.mean({ dim, keepdim: true });
  const scale = x.var({ dim, unbiased: false, keepdim: true }).add(epsilon).rsqrt();
  return [x.sub(mean).mul(scale), mean, scale];
}

const from = (axis: number, rank: number): number[] =>
  Array.from({ length: rank - axis }, (_, k) => axis + k);

function batchNorm(call: NodeCall): Tensor {
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((k) => call.input(k)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const by = scale.mul(variance.add(call.float("epsilon", 1e-5)).rsqrt());
  return x.mul(perChannel(by, x)).add(perChannel(bias.sub(mean.mul(by)), x));
}

function layerNorm(call: NodeCall): Results {
  const x = call.input(0);
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const [y, mean, by] = normalized(x, from(axis, x.shape.length), call.float("epsilon", 1e-5));
  const scaled = y.mul(call.input(1));
  return [call.has(2) ? scaled.add(call.input(2)) : scaled, mean, by];
}

function rmsNorm(call: NodeCall): Tensor {
  const x = call.input(0);
  const axis = call.axis(call.int("axis", -1), x.shape.length);
  const square = x.square().mean({ dim: from(axis, x.shape.length), keepdim: true });
  return x.mul(square.add(call.float("epsilon", 1e-5)).rsqrt()).mul(call.input(1));
}

function instanceNorm(call: NodeCall): Tensor {
  const x = call.input(0);
  const [y] = normalized(x, from(2, x.shape.length), call.float("epsilon", 1e-5));
  return y.mul(perChannel(call.input(1), x)).add(perChannel(call.input(2), x));
}

function groupNorm(call: NodeCall): Tensor {
  const x = call.input(0);
  const groups = call.int("num_groups", 1);
  const [batch, channels, ...rest] = x.shape as [number, number, ...number[]];
  if (groups < 1 || channels % groups !== 0)
    call.refuse(`groups that divide ${channels} channels`, `${groups}`, "export the model again");
  const each = channels / groups;
  const [y] = normalized(
    x.reshape([batch, groups, each, ...rest]),
    from(2, x.shape.length + 1),
    call.float("epsilon", 1e-5),
  );
  // Until set 21 there was one number a group.
  const own = (k: number): Tensor => {
    const of = call.input(k);
    return perChannel(of.shape[0] === channels ? of : of.unsqueeze(1).expand(groups, each), x);
  };
  return y.reshape(x.shape).mul(own(1)).add(own(2));
}

/** x / |x|; what is zero stays zero. */
function lpNorm(call: NodeCall): Tensor {
  const x = call.input(0);
  const [dim, p] = [call.axis(call.int("axis", -1), x.shape.length), call.int("p", 2)];
  if (p !== 1 && p !== 2) call.refuse("p 1 or 2", `${p}`, "export it with one of these");
  const options = { dim, keepdim: true };
  const size = p === 1 ? x.abs().sum(options) : x.square().sum(options).sqrt();
  return x.div(size.add(size.eq(0).to("float32")));
}

/** Operators that normalize. */
export const norms = (): Operators => ({
  BatchNormalization: {
    attributes: ["epsilon", "momentum"],
    only: { training_mode: 0, spatial: 1 },
    run: batchNorm,
  },
  LayerNormalization: {
    attributes: ["axis", "epsilon"],
    only: { stash_type: 1 },
    outputs: 3,
    run: layerNorm,
  },
  RMSNormalization: { attributes: ["axis", "epsilon"], only: { stash_type: 1 }, run: rmsNorm },
  LpNormalization: { attributes: ["axis", "p"], run: lpNorm },
  InstanceNormalization: { attributes: ["epsilon"], run: instanceNorm },
  GroupNormalization: { attributes: ["epsilon", "num_groups"], only: { stash_type: 1 }, run: groupNorm },
});
