import type { WeightMap } from "../../contract/adapter.js";
import { shown } from "../../contract/shown.js";
import { foreignWeights, type ForeignWeights, importWeights } from "../../dialects/convert.js";
import { tf1Rules } from "../../dialects/tf1/rules.js";
import type { Activation } from "../../layers/activations.js";
import { cellDefinitions, type KnownCellSpec } from "../../layers/cells.js";
import type { CellDefinition } from "../../layers/definition.js";
import { recurrent } from "../../layers/recurrent.js";
import type { Value } from "../../program/builder.js";
import { type FoldOver, foldCheck, assertRows, type State, WALK } from "../fold.js";
import { getDefaultGraph, type Tensor, type VariableReader, type Weight } from "../graph.js";
import * as operations from "../operations/index.js";
import { operation } from "../operations/operation.js";
import { refuse } from "../refuse.js";
import { lastSize, refuseShape, shownShape } from "../static-shapes.js";
import { getVariable } from "../variables.js";
import { RNNCell } from "./rnn-cell.js";

/** Activations by TensorFlow 1's names. */
const byName = {
  tanh: "tanh",
  sigmoid: "sigmoid",
  relu: "relu",
  elu: "elu",
  softplus: "softplus",
  softsign: "softsign",
  linear: "linear",
} as const satisfies Readonly<Record<string, Activation>>;

/** An activation of a cell: a function of this face, as in `activation=tf.nn.relu`, or its name. */
export type CellActivation = keyof typeof byName | ((x: Tensor) => Tensor);

const byFunction = new Map<unknown, Activation>([
  [operations.tanh, "tanh"],
  [operations.sigmoid, "sigmoid"],
  [operations.relu, "relu"],
  [operations.elu, "elu"],
  [operations.softplus, "softplus"],
  [operations.softsign, "softsign"],
  [operations.identity, "linear"],
]);

/** The activation that an option says; tanh by default. @throws UNROLL_UNSUPPORTED for another function */
export function activationOf(place: string, given: CellActivation | null | undefined): Activation {
  if (given === undefined || given === null) return "tanh";
  const found =
    typeof given === "string" && Object.hasOwn(byName, given) ? byName[given] : byFunction.get(given);
  return (
    found ??
    refuse(
      `${place} activation`,
      `one of ${Object.keys(byName).join(", ")}`,
      typeof given === "function" ? "another function" : shown(given),
      "a cell of your own, extending RNNCell, computes anything",
      "UNROLL_UNSUPPORTED",
    )
  );
}

/** What a cell of known equations is once its input's size is known. */
interface Built {
  readonly spec: KnownCellSpec;
  readonly definition: CellDefinition;
  readonly weights: readonly Weight[];
  readonly parts: readonly string[];
}

const LAYER = "cell";

/** A cell whose equations the library has; engines run them their own way. */
export abstract class EquationCell extends RNNCell {
  #built: Built | null = null;

  /** @internal The cell for an input of a size. */
  protected abstract specFor(inputSize: number): KnownCellSpec;
  /** @internal What is added to the forget gate. */
  protected get addedToForget(): number {
    return 0;
  }
  /** @internal The state's parts as the equations call them. */
  protected abstract partsOf(state: State): Readonly<Record<string, Tensor>>;
  /** @internal The other way. */
  protected abstract stateOf(parts: Readonly<Record<string, Tensor>>): State;

  /** @internal The equations and their weights, whose variables are made at the first call. */
  #for(inputs: Tensor): Built {
    const inputSize = lastSize(`${this.scopeName} inputs`, inputs);
    if (this.#built) {
      const known = this.#built.spec.inputSize;
      if (known !== inputSize)
        refuseShape(
          `${this.scopeName} inputs`,
          `[batch, ${known}], as before`,
          shownShape(inputs.shape),
          "make another cell",
        );
      return this.#built;
    }
    const spec = this.specFor(inputSize);
    const scope = getDefaultGraph().scopes.current.name;
    const layer = recurrent({ name: LAYER, input: "x", cell: spec });
    const rules = tf1Rules(layer, { layer: LAYER, scope, forgetBias: this.addedToForget });
    const variables = foreignWeights(rules).map(({ name, shape }) => {
      const variable = getVariable(name.slice(scope === "" ? 1 : scope.length + 1), shape);
      return [name, variable] as const;
    });
    const imported = new WeakMap<VariableReader, WeightMap>();
    const all = (read: VariableReader): WeightMap => {
      let made = imported.get(read);
      if (!made) {
        const foreign = Object.create(null) as Record<string, ForeignWeights[string]>;
        for (const [name, variable] of variables) foreign[name] = read(variable);
        made = importWeights(`variables of "${scope}"`, rules, foreign).weights;
        imported.set(read, made);
      }
      return made;
    };
    const definition: CellDefinition = cellDefinitions[spec.kind];
    const weights = definition.weights(spec).map(({ name, shape }): Weight => ({
      name: `${scope}/${name}`,
      dtype: "float32",
      shape,
      variables: variables.map(([, variable]) => variable),
      valueOf: (read) => all(read)[`${LAYER}.${name}`]!,
    }));
    const parts = definition.state(spec).map(({ part }) => part);
    this.#built = { spec, definition, weights, parts };
    return this.#built;
  }

  call(inputs: Tensor, state: State): [Tensor, State] {
    const { spec, definition, weights, parts } = this.#for(inputs);
    const before = this.partsOf(state);
    const [output, ...after] = operation(
      this.constructor.name,
      {
        inputs: [inputs, ...parts.map((part) => before[part]!)],
        weights,
        build: (b, [x, ...held], values) => {
          assertRows(this.scopeName, x!.type.shape[0] as number, held);
          const scope = {
            b,
            reads: {},
            weights: weightsByName(definition, spec, values),
            state: named(parts, held),
          };
          const { output, state } = definition.step(spec, x!, scope);
          return [output, ...parts.map((part) => state[part]!)];
        },
      },
      [
        { dtype: "float32", shape: [inputs.shape[0]!, definition.outputSize(spec)] },
        ...parts.map((part) => before[part]!),
      ],
      this.scopeName,
    );
    return [output!, this.stateOf(named(parts, after))];
  }

  /** @internal As the recurrent layer that it is, which engines may claim whole. */
  override fold(over: FoldOver): [Tensor, State] {
    return this.enter(() => this.#foldWhole(over));
  }

  #foldWhole({ x, state, lengths, reverse }: FoldOver): [Tensor, State] {
    const { spec, definition, weights, parts } = this.#for(x);
    const before = this.partsOf(state);
    const [outputs, ...after] = operation(
      "While",
      {
        inputs: [x, ...parts.map((part) => before[part]!), ...(lengths ? [lengths] : [])],
        weights,
        check: ([sequence, ...rest]) => foldCheck(this.scopeName, lengths, sequence!, rest),
        build(b, [sequence, ...rest], values) {
          const held = rest.splice(0, parts.length);
          const scope = {
            b,
            reads: {},
            weights: weightsByName(definition, spec, values),
            state: named(parts, held),
          };
          const extent = rest[0] ? { lengths: rest[0] } : {};
          const folded = definition.fold(spec, sequence!, scope, extent, { reverse, ...WALK });
          return [folded.y, ...parts.map((part) => folded.state[part]!)];
        },
      },
      [
        { dtype: "float32", shape: [x.shape[0]!, x.shape[1]!, definition.outputSize(spec)] },
        ...parts.map((part) => before[part]!),
      ],
    );
    return [outputs!, this.stateOf(named(parts, after))];
  }
}

const named = <T>(names: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(names.map((name, k) => [name, values[k]!]));

const weightsByName = (
  definition: CellDefinition,
  spec: KnownCellSpec,
  values: readonly Value[],
): Record<string, Value> =>
  named(
    definition.weights(spec).map(({ name }) => name),
    values,
  );
