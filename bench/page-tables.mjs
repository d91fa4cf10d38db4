// Tables in Markdown of what a run of the benchmark gave.

const figure = (value) =>
  value >= 1000
    ? Math.round(value).toLocaleString("en")
    : value.toPrecision(value < 100 ? 2 + (value >= 10 ? 1 : 0) : 3);
const ratio = (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(value >= 0.095 ? 2 : 3));

/** A table, its last columns figures; what is not there is a dash. */
function table(heads, names, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [
    line([...names, ...heads]),
    line([...names.map(() => "---"), ...heads.map(() => "---:")]),
    ...rows.map(([words, cells]) => line([...words, ...cells.map((cell) => cell ?? "–")])),
  ].join("\n");
}

const distinct = (list, of) => [...new Set(list.map(of))];

/** Columns of batches and units; the first of each batch says which. */
const columnsOf = (results) =>
  distinct(results, ({ batch, units }) => `${batch} ${units}`).map((key) => key.split(" ").map(Number));
const headsOf = (columns) =>
  columns.map(([batch, units], k) =>
    k && columns[k - 1][0] === batch ? `${units}` : `B=${batch} H=${units}`,
  );

/** Rows, one for each of `keys`, of what there is at every size. */
function bySize(results, names, keys, cell) {
  const columns = columnsOf(results);
  const rows = keys.map((words) => [
    words,
    columns.map(([batch, units]) => {
      const here = results.filter((one) => one.batch === batch && one.units === units);
      return cell(here, words);
    }),
  ]);
  return table(
    headsOf(columns),
    names,
    rows.filter(([, cells]) => cells.some((one) => one !== undefined)),
  );
}

/** Everyone's figures at every size. */
function medians(results, names = ["engine", "how"]) {
  const keys = distinct(results, (one) => JSON.stringify(names.map((name) => one[name]))).map(JSON.parse);
  return bySize(results, names, keys, (here, words) => {
    const one = here.find((other) => names.every((name, k) => other[name] === words[k]));
    return one && figure(one.median);
  });
}

/** How many times as fast the builtin engine in place is as each engine by hand, at every size. */
function ahead(results) {
  const keys = distinct(
    results.filter(({ byHand, how }) => byHand && how !== "tf.basicLSTMCell"),
    ({ kind, engine, how }) => `${kind}|${engine}|${how}`,
  ).map((key) => key.split("|"));
  return bySize(results, ["cell", "against", "how"], keys, (here, [kind, engine, how]) => {
    const of = (wanted) =>
      here.find((one) => Object.entries(wanted).every(([key, value]) => one[key] === value));
    const ours = of({ kind, engine: "builtin", how: "Unroll in place" });
    const other = of({ kind, engine, how });
    return ours && other && ratio(other.median / ours.median);
  });
}

/** How long ours takes over the same engine by hand. */
function over(results) {
  const keys = distinct(
    results.filter(({ byHand }) => byHand),
    ({ kind, mode, engine, how }) => `${kind}|${mode}|${engine}|${how}`,
  ).map((key) => key.split("|"));
  return bySize(results, ["cell", "what", "engine", "by hand"], keys, (here, [kind, mode, engine, how]) => {
    const of = (name) =>
      here.find((one) => one.kind === kind && one.mode === mode && one.engine === engine && one.how === name);
    return of("Unroll") && of(how) && ratio(of("Unroll").median / of(how).median);
  });
}

/** Figures of a section without sizes: rows, and columns by one property. */
function byProperty(results, names, property, shown = figure) {
  const columns = distinct(results, (one) => one[property]);
  const keys = distinct(results, (one) => JSON.stringify(names.map((name) => one[name]))).map(JSON.parse);
  const rows = keys.map((words) => [
    words,
    columns.map((column) => {
      const one = results.find(
        (other) => other[property] === column && names.every((name, k) => other[name] === words[k]),
      );
      return one && shown(one.median);
    }),
  ]);
  const heads = columns.map((column) => (typeof column === "number" ? column.toLocaleString("en") : column));
  return table(heads, names, rows);
}

const machineOf = ({ clock, processor, cores, node, versions, missing, patience }) => {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const timed = {
    wall: "the time that passed",
    processor: "the time that the processor spent on the process, as others used the machine too",
  };
  const left = missing.length > 0 ? ` Not installed: ${missing.join(", ")}.` : "";
  const machine = `${processor}, ${cores} cores; Node ${node}; ${libraries.join(", ")}.`;
  const slow = `A dash is what would take more than ${patience} seconds a call, or is not there.`;
  return `${machine} Counted is ${timed[clock]}. ${slow}${left}`;
};

/** Tables by the name that the page has for them. */
export function tablesOf({ about, results }) {
  const of = (section) => results.filter((one) => one.section === section);
  const recurrent = of("recurrent");
  const mode = (name) => recurrent.filter((one) => one.mode === name);
  const kinds = distinct(recurrent, ({ kind }) => kind);
  return {
    machine: machineOf(about),
    "ahead step": ahead(mode("step")),
    "ahead sequence": ahead(mode("sequence")),
    adapters: over(recurrent.filter(({ engine }) => engine !== "brain.js")),
    ...Object.fromEntries(
      kinds.flatMap((kind) =>
        ["step", "sequence"].map((name) => [
          `${kind} ${name}`,
          medians(mode(name).filter((one) => one.kind === kind)),
        ]),
      ),
    ),
    "custom step": medians(
      of("custom cell").filter((one) => one.mode === "step"),
      ["engine", "kind", "how"],
    ),
    "custom sequence": medians(
      of("custom cell").filter((one) => one.mode === "sequence"),
      ["engine", "kind", "how"],
    ),
    attention: medians(of("attention")),
    characters: table(
      ["characters per second"],
      ["engine", "how"],
      of("characters").map(({ engine, how, median }) => [
        [engine, how],
        [Number((1e6 / median).toPrecision(3)).toLocaleString("en")],
      ]),
    ),
    streams: byProperty(of("streams"), ["engine", "how"], "streams"),
    audio: byProperty(of("audio"), ["engine", "how", "kind"], "units", (value) => value.toFixed(3)),
    startup: byProperty(of("startup"), ["engine", "how"], "what"),
    memory: byProperty(of("memory"), ["engine", "how"], "what"),
  };
}
