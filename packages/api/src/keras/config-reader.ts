import { isRecord, kindOf } from "../contract/kind.js";
import { built } from "../layers/built.js";
import { customDefinition, type CustomCellSpec } from "../layers/custom.js";
import type { CellDefinition } from "../layers/definition.js";
import type { CellSpec } from "../specification/types.js";
import { cellCheck } from "../specification/validate.js";
import { Cell, cellOf, StackedCells } from "./cell-layers.js";
import type { CellMaker, LayerMaker } from "./config-layers.js";
import { isMaskOperation } from "./config-masks.js";
import { type Config, dtypeName, listOf, nameIn, recordOf, refuseConfig, titleOf } from "./config-options.js";
import { functionalIn } from "./config-graph.js";
import { input } from "./input.js";
import { KerasTensor, Layer } from "./layer.js";
import type { KerasModel } from "./keras-model.js";
import { sequential } from "./sequential.js";

/**
 * Makes a layer or a cell of a class of the user's own, of its configuration as the file has it.
 *
 * @param inputSize of a cell, how many features it reads; null for a layer
 */
export type CustomObject = (config: Config, inputSize: number | null) => Layer | Cell | CustomCellSpec;

/** What makes layers and cells of classes of the user's own, by name. */
export type CustomObjects = Readonly<Record<string, CustomObject>>;

/** What a framework calls its layers, and how it means their options. */
export interface Dialect {
  /** Its classes of layers. */
  readonly layers: Readonly<Record<string, LayerMaker>>;
  /** Its classes of cells. */
  readonly cells: Readonly<Record<string, CellMaker>>;
  /** Whether it is Keras 2, whose masks are another matter. */
  readonly two: boolean;
  /** Whether every model within counts one application of its own wherever its values are read. */
  readonly countsModels: boolean;
  /** A configuration as options. */
  options(place: string, config: Config, className: string): Record<string, unknown>;
}

/** Deeper than models are nested. */
const DEEPEST = 16;

/** More applications of layers than a model has: what follows a graph goes as deep as they are many. */
const MOST = 2048;

const models: readonly string[] = ["Sequential", "Functional", "Model"];

/** Reads one file. */
export class ConfigReader {
  private applications = 0;

  constructor(
    /** Who reads, for errors. */
    readonly place: string,
    readonly dialect: Dialect,
    private readonly custom: CustomObjects,
  ) {
    if (!isRecord(custom))
      refuseConfig(`${place} customObjects`, "functions by class name", kindOf(custom), "or leave it out");
  }

  /** The whole model. @throws UNROLL_UNSUPPORTED listing every class that there is none of */
  model(root: Config): KerasModel {
    const unknown = [...new Set(this.unknown(root, 0))];
    if (unknown.length > 0)
      refuseConfig(
        this.place,
        `layers of ${Object.keys(this.dialect.layers).join(", ")}`,
        unknown.join(", "),
        "give what makes them as customObjects, or build the model without them",
        "UNROLL_UNSUPPORTED",
      );
    return this.within(root);
  }

  /** Counts applications of layers. @throws UNROLL_UNSUPPORTED for more than a model has */
  count(applications: number): void {
    this.applications += applications;
    if (this.applications > MOST)
      refuseConfig(
        this.place,
        `at most ${MOST} applications of layers, those of models within included`,
        "more",
        "split the model",
        "UNROLL_UNSUPPORTED",
      );
  }

  /** Whether an object is a whole model. */
  isModel(object: Config): boolean {
    return models.includes(classOf(this.place, object));
  }

  /** A model, whole or within another. */
  within(object: Config): KerasModel {
    const className = classOf(this.place, object);
    if (className === "Sequential") return this.sequential(object);
    if (!models.includes(className))
      refuseConfig(this.place, "a model, Sequential or Functional", className, "give what to_json() wrote");
    return functionalIn(this, recordOf(this.place, object["config"]));
  }

  private sequential(object: Config): KerasModel {
    const { config } = object;
    // The first versions of Keras 2 list the layers alone.
    const own = Array.isArray(config) ? { layers: config as unknown } : recordOf(this.place, config);
    const { name, layers, build_input_shape: built } = own as Config;
    const all = listOf(`${this.place} layers`, layers);
    this.count(all.length);
    const parts = Array.from(all, (one) => this.part(recordOf(this.place, one)));
    const [first] = parts;
    if (first instanceof Layer && first.inputShape === null && Array.isArray(built))
      parts.unshift(input({ batchShape: built as (number | null)[] }));
    return sequential(parts, typeof name === "string" ? { name } : {});
  }

  /** One of a model's parts. */
  part(object: Config): Layer | KerasModel | KerasTensor {
    if (classOf(this.place, object) === "InputLayer") return this.input(object);
    return this.isModel(object) ? this.within(object) : this.layer(object, {});
  }

  /** An input; of float32, which is Keras's default, what it is read as is left to what reads it. */
  input(object: Config): KerasTensor {
    const { config } = object as { readonly config: unknown };
    const own = recordOf(this.place, config);
    const { batch_shape: shape = own["batch_input_shape"], dtype, name } = own;
    const place = `${this.place} ${titleOf("InputLayer", name)}`;
    this.dialect.options(place, { ...own, dtype: null }, "InputLayer");
    const policy = dtypeName(dtype) ?? "float32";
    const kinds = { float32: undefined, int32: "int32", int64: "int32", bool: "bool" } as const;
    if (typeof policy !== "string" || !Object.hasOwn(kinds, policy))
      return refuseConfig(
        `${place} dtype`,
        Object.keys(kinds).join(", "),
        policy,
        "save it with one of them",
        "UNROLL_UNSUPPORTED",
      );
    const kind = kinds[policy as keyof typeof kinds];
    return input({
      batchShape: listOf(`${place} batch_shape`, shape) as (number | null)[],
      name: nameIn(place, name),
      ...(kind !== undefined && { dtype: kind }),
    });
  }

  /** A layer of its configuration, with what Keras takes where it is called. */
  layer(object: Config, more: Config): Layer {
    const className = classOf(this.place, object);
    const config = recordOf(`${this.place} ${className}`, object["config"]);
    const place = `${this.place} ${titleOf(className, config["name"])}`;
    const custom = this.customOf(object);
    if (custom) {
      const made = custom(config, null);
      return made instanceof Layer
        ? made
        : refuseConfig(place, "a layer from customObjects", kindOf(made), "return what layers make");
    }
    const own = this.dialect.options(place, config, className);
    for (const key of ["layer", "backwardLayer"])
      if (own[key] !== undefined) own[key] = this.inner(recordOf(`${place} ${key}`, own[key]));
    if (own["cell"] !== undefined) own["cell"] = this.cell(own["cell"]);
    if (object["held_start"] !== undefined) own["heldStart"] = object["held_start"];
    return makerIn(place, this.dialect.layers, className, "a layer")({ ...own, ...more } as never);
  }

  /** A layer inside of a wrapper; Keras puts the way before the name of one of both ways. */
  private inner(object: Config): Layer {
    if (this.isModel(object))
      refuseConfig(
        this.place,
        "a layer inside of a wrapper",
        "a model",
        "wrap its layers",
        "UNROLL_UNSUPPORTED",
      );
    const config = recordOf(this.place, object["config"]);
    const { name } = config;
    const own = typeof name === "string" ? name.replace(/^(forward|backward)_(?=.)/, "") : name;
    return this.layer({ ...object, config: { ...config, name: own } }, {});
  }

  private cell(value: unknown): Cell | StackedCells {
    if (Array.isArray(value)) return new StackedCells(value.map((one) => this.cell(one) as Cell));
    const object = recordOf(`${this.place} cell`, value);
    const className = classOf(this.place, object);
    const place = `${this.place} ${className}`;
    const config = recordOf(place, object["config"]);
    const custom = this.customOf(object);
    if (custom) return customCell(place, className, config, custom);
    // What toJson writes of a cell of one's own is its program.
    if (config["kind"] === "custom") {
      cellCheck({ ...built, cells: { custom: customDefinition as unknown as CellDefinition } })(
        config,
        ".cell",
      );
      return cellOf(config as unknown as CustomCellSpec);
    }
    const own = this.dialect.options(place, config, className);
    if (own["cells"] !== undefined)
      own["cells"] = listOf(`${place} cells`, own["cells"]).map((one) => this.cell(one));
    return makerIn(place, this.dialect.cells, className, "a cell")(own as never);
  }

  private customOf(object: Config): CustomObject | null {
    for (const key of ["class_name", "registered_name"]) {
      const name = object[key];
      if (typeof name !== "string" || !Object.hasOwn(this.custom, name)) continue;
      const made: unknown = this.custom[name];
      return typeof made === "function"
        ? (made as CustomObject)
        : refuseConfig(
            `${this.place} customObjects "${name}"`,
            "a function",
            kindOf(made),
            "see CustomObject",
          );
    }
    return null;
  }

  /** Classes that there are none of, with the names of their layers. */
  private unknown(value: unknown, depth: number): string[] {
    const object = recordOf(this.place, value);
    if (depth > DEEPEST)
      refuseConfig(this.place, `models nested ${DEEPEST} deep at most`, "deeper ones", "unnest them");
    const className = classOf(this.place, object);
    const { config } = object as { readonly config: unknown };
    const own: Config = Array.isArray(config) ? { layers: config as unknown } : recordOf(this.place, config);
    const inner = [own["layers"], own["layer"], own["backward_layer"], own["cell"], own["cells"]]
      .flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : [one ?? null]))
      .filter((one) => one !== null)
      .flatMap((one) => this.unknown(one, depth + 1));
    const known =
      className === "InputLayer" ||
      models.includes(className) ||
      isMaskOperation(className) ||
      Object.hasOwn(this.dialect.layers, className) ||
      Object.hasOwn(this.dialect.cells, className) ||
      own["kind"] === "custom" ||
      this.customOf(object) !== null;
    return known ? inner : [titleOf(className, object["name"] ?? own["name"]), ...inner];
  }
}

/** What makes a class. @throws UNROLL_UNSUPPORTED for one that is something else here, or nothing */
function makerIn<Maker>(
  place: string,
  makers: Readonly<Record<string, Maker>>,
  className: string,
  expected: string,
): Maker {
  return Object.hasOwn(makers, className)
    ? makers[className]!
    : refuseConfig(place, expected, className, "it stands at another's place", "UNROLL_UNSUPPORTED");
}

const classOf = (place: string, object: Config): string =>
  nameIn(`${place} class_name`, object["class_name"]);

/** A cell of the user's own, made anew for each size of what it reads. */
function customCell(place: string, className: string, config: Config, custom: CustomObject): Cell {
  const of = (size: number): Cell => {
    const made = custom(config, size);
    return made instanceof Layer
      ? refuseConfig(place, "a cell from customObjects", "a layer", "return a cell, e.g. of customCell")
      : cellOf(made);
  };
  const make = (size: number): CellSpec => of(size).make(size);
  const form = of(1);
  const name = typeof config["name"] === "string" ? config["name"] : null;
  return new Cell(form.kind, name, make, form.form, config, className);
}
