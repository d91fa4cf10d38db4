import { refuse } from "./refuse.js";

/** `AUTO_REUSE` of `variableScope`: a variable that is there is shared, another one made. */
export const AUTO_REUSE = "auto";

/** Whether variables that are there may be used again: no, yes and no others, or either. */
export type Reuse = boolean | typeof AUTO_REUSE;

/** A scope in which variables are named: TensorFlow's `tf.VariableScope`. */
export class VariableScope {
  /** What its variables' names begin with; empty for the outermost. */
  readonly name: string;
  #reuse: Reuse;

  /** @internal By `variableScope` alone. */
  constructor(name: string, reuse: Reuse) {
    this.name = name;
    this.#reuse = reuse;
  }

  /** Whether variables are used again. */
  get reuse(): Reuse {
    return this.#reuse;
  }

  /** From here on, variables of this scope are those that are there. */
  reuseVariables(): void {
    this.#reuse = true;
  }
}

/** What a scope is entered by. */
export interface Entry {
  readonly scope: string | VariableScope | null;
  /** Where `scope` is null: a name that is made unique among its neighbours. */
  readonly defaultName?: string;
  readonly reuse?: Reuse | null;
}

/**
 * The scopes of a graph, named as TensorFlow names them.
 *
 * Source: `tensorflow/python/ops/variable_scope.py`, `_pure_variable_scope`: a scope that is entered is
 * counted; one that is left forgets the counts of those within; a default name with a count gets a number.
 */
export class VariableScopes {
  current = new VariableScope("", false);
  #counts = new Map<string, number>();

  /** Builds within a scope. */
  within<T>({ scope, defaultName, reuse }: Entry, build: (scope: VariableScope) => T): T {
    const before = this.current;
    const counts = scope instanceof VariableScope ? new Map(this.#counts) : null;
    const inside =
      scope instanceof VariableScope ? scope.name : this.#named(scope ?? this.#unique(defaultName ?? ""));
    const inherited = scope instanceof VariableScope ? scope.reuse : before.reuse;
    // What is inherited wins: within a scope that reuses, everything does.
    const entered = new VariableScope(
      inside,
      reuse === undefined || reuse === null ? inherited : reuse || inherited,
    );
    this.#counts.set(inside, (this.#counts.get(inside) ?? 0) + 1);
    this.current = entered;
    try {
      return build(entered);
    } finally {
      this.current = before;
      for (const name of this.#counts.keys())
        if (inside === "" || name.startsWith(`${inside}/`)) this.#counts.set(name, 0);
      if (counts) this.#counts = counts;
    }
  }

  #named(name: string): string {
    if (typeof name !== "string" || name === "")
      refuse(
        "variableScope",
        "a name, a VariableScope, or null and a defaultName",
        `"${String(name)}"`,
        "name it",
      );
    return this.current.name === "" ? name : `${this.current.name}/${name}`;
  }

  #unique(prefix: string): string {
    if (!this.#counts.get(this.#named(prefix))) return prefix;
    for (let k = 1; ; k++) if (!this.#counts.get(this.#named(`${prefix}_${k}`))) return `${prefix}_${k}`;
  }
}
