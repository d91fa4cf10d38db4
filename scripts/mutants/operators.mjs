// What can be broken in the sources of the suite, found on their syntax trees: each mutant is one edit.
import ts from "typescript";

/**
 * One way to break a file.
 *
 * @typedef {{ id: string, family: string, file: string, line: number, what: string, start: number,
 *   end: number, text: string }} Mutant
 */

const isComparison = (node) =>
  ts.isBinaryExpression(node) &&
  ["<", ">", "<=", ">=", "===", "!==", "==", "!="].includes(node.operatorToken.getText());
const isLogical = (node) =>
  ts.isBinaryExpression(node) && ["&&", "||"].includes(node.operatorToken.getText());
const inner = (node) => (ts.isParenthesizedExpression(node) ? inner(node.expression) : node);

/** Whether a node stands in the words of an error or of a report, which say nothing of right and wrong. */
function inWords(node) {
  for (let at = node; at && !ts.isStatement(at); at = at.parent)
    if (
      (ts.isNewExpression(at) && /^(Violation|Error)$/.test(at.expression.getText())) ||
      (ts.isCallExpression(at) && /^(skip|unrollError)$/.test(at.expression.getText())) ||
      ts.isTemplateExpression(at)
    )
      return true;
  return false;
}

/** The name of what a node is part of: functions, methods and constants around it. */
function placeOf(node) {
  const names = [];
  for (let at = node; at; at = at.parent)
    if (
      (ts.isFunctionDeclaration(at) ||
        ts.isMethodDeclaration(at) ||
        ts.isVariableDeclaration(at) ||
        ts.isPropertyAssignment(at)) &&
      at.name &&
      (ts.isIdentifier(at.name) || ts.isStringLiteral(at.name))
    )
      names.unshift(at.name.text);
  return names.join(".");
}

const argumentsOf = (call) => call.arguments.map((one) => one.getText());

/** The conditions that a statement or an expression asks. */
function* conditions(node) {
  const asked = ts.isIfStatement(node)
    ? node.expression
    : ts.isConditionalExpression(node)
      ? node.condition
      : undefined;
  if (asked && !inWords(node)) {
    yield { node: asked, text: "true", what: `${asked.getText()} always` };
    yield { node: asked, text: "false", what: `${asked.getText()} never` };
  }
  if (isLogical(node) && !inWords(node)) {
    yield { node, text: `(${node.left.getText()})`, what: `without ${node.right.getText()}` };
    yield { node, text: `(${node.right.getText()})`, what: `without ${node.left.getText()}` };
  }
  const whole = node.parent && (ts.isIfStatement(node.parent) || ts.isConditionalExpression(node.parent));
  const loop = node.parent && (ts.isForStatement(node.parent) || ts.isWhileStatement(node.parent));
  if (isComparison(node) && !inWords(node) && !isLogical(node.parent) && !loop) {
    if (whole && (node.parent.expression === node || node.parent.condition === node)) return;
    yield { node, text: "true", what: `${node.getText()} always` };
    yield { node, text: "false", what: `${node.getText()} never` };
  }
}

/** Calls that hold something against the truth, and errors that are thrown. */
function* checks(node) {
  if (ts.isCallExpression(node) && /^(hold|expect)[A-Z]\w*$|^hold$/.test(node.expression.getText()))
    yield {
      node,
      text: `((${[...argumentsOf(node), "0"].join(", ")}))`,
      what: `without ${node.expression.getText()}(${argumentsOf(node)[0]?.slice(0, 50) ?? ""})`,
    };
  if (ts.isThrowStatement(node)) {
    const alone =
      ts.isIfStatement(node.parent) ||
      (ts.isBlock(node.parent) &&
        node.parent.statements.length === 1 &&
        ts.isIfStatement(node.parent.parent));
    if (!alone)
      yield { node, text: ";", what: `without ${node.getText().replace(/\s+/g, " ").slice(0, 60)}` };
  }
}

/** What frees things, and counts of what is alive. */
function* lifetimes(node) {
  if (ts.isExpressionStatement(node) && /\.dispose\(\)$/.test(node.expression.getText()))
    yield { node, text: ";", what: `without ${node.getText()}` };
}

/** A property that holds whatever comes. */
function* emptied(node) {
  if (!ts.isObjectLiteralExpression(node)) return;
  const named = (name) => node.properties.find((one) => one.name?.getText() === name);
  const check = named("check");
  if (!check || !named("id")) return;
  const nothing = "{ errorOverBound: 0 }";
  if (ts.isMethodDeclaration(check))
    yield { node: check.body, text: `{ return ${nothing}; }`, what: "checks nothing" };
  else yield { node: check.initializer, text: `async () => (${nothing})`, what: "checks nothing" };
  const examples = named("examples");
  if (examples)
    yield {
      node: examples.initializer ?? examples.body,
      text: examples.initializer ? "() => []" : "{ return []; }",
      what: "has no examples",
    };
}

/** What a property wishes of its cases. */
function* wishes(node) {
  if (ts.isCallExpression(node) && node.expression.getText() === "cases" && node.arguments[0]) {
    const [wish] = node.arguments;
    if (ts.isObjectLiteralExpression(wish) && wish.properties.length > 0)
      for (const one of wish.properties)
        yield {
          node: wish,
          text: `{ ${wish.properties
            .filter((other) => other !== one)
            .map((other) => other.getText())
            .join(", ")} }`,
          what: `cases without ${one.getText()}`,
        };
  }
  if (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === "filter" &&
    /^(\s*fc\b|\s*cases\()/.test(node.expression.expression.getText())
  )
    yield { node, text: node.expression.expression.getText(), what: "cases without their filter" };
}

const sizesOfRounding = ["unit", "activation", "smallest", "largest"];

/** Whether a node is a number that something is worked out with. */
const inArithmetic = (node) => {
  let at = node.parent;
  if (ts.isPrefixUnaryExpression(at)) at = at.parent;
  return (
    (ts.isBinaryExpression(at) && ["+", "-", "*", "/", "**"].includes(at.operatorToken.getText())) ||
    (ts.isVariableDeclaration(at) && ts.isSourceFile(at.parent.parent.parent)) ||
    (ts.isPropertyAssignment(at) && isConstant(at) && at.name.getText() !== "share") ||
    // A limit that something is compared with; small whole numbers are places and counts.
    (isComparison(at) && (Number(node.text) >= 1000 || !Number.isInteger(Number(node.text)))) ||
    (ts.isConditionalExpression(at) && at.condition !== node) ||
    (ts.isCallExpression(at) && /^Math\.(max|min)$/.test(at.expression.getText())) ||
    (ts.isCallExpression(at) && at.arguments.includes(node) && /^hold/.test(at.expression.getText()))
  );
};
/** Whether a node is part of a constant of its file. */
const isConstant = (node) => {
  for (let at = node; at; at = at.parent)
    if (ts.isFunctionLike(at)) return false;
    else if (ts.isVariableDeclaration(at)) return ts.isSourceFile(at.parent.parent.parent);
  return false;
};
const isIndex = (node) => {
  for (let at = node; at.parent && !ts.isStatement(at); at = at.parent)
    if (ts.isElementAccessExpression(at.parent) && at.parent.argumentExpression === at) return true;
  return false;
};

/** Every constant and every term of a bound, ten times what it is. */
function* bounds(node) {
  if (inWords(node)) return;
  const number = ts.isNumericLiteral(node) && Number(node.text) !== 0;
  const rounding =
    ts.isIdentifier(node) &&
    sizesOfRounding.includes(node.text) &&
    !ts.isPropertyAccessExpression(node.parent) &&
    !ts.isBindingElement(node.parent) &&
    !ts.isPropertyAssignment(node.parent) &&
    !ts.isShorthandPropertyAssignment(node.parent) &&
    !ts.isPropertySignature(node.parent) &&
    !ts.isVariableDeclaration(node.parent) &&
    !ts.isParameter(node.parent);
  if (number && (!inArithmetic(node) || isIndex(node))) return;
  // The base of a power and its exponent are one number, and the next one is no bound.
  const outer = number && (ts.isPrefixUnaryExpression(node.parent) ? node.parent.parent : node.parent);
  if (number && ts.isBinaryExpression(outer) && outer.operatorToken.getText() === "**") return;
  if (number && node.text === "1" && /^\w+ \+ 1$|\w - 1$/.test(outer.getText())) return;
  if ((number || rounding) && !ts.isPropertySignature(node.parent))
    yield {
      node,
      text: `(10 * ${node.getText()})`,
      what: `${node.getText()} tenfold in ${short(node.parent)}`,
    };
  if (ts.isBinaryExpression(node) && node.operatorToken.getText() === "**" && ts.isNumericLiteral(node.left))
    yield { node, text: `(10 * ${node.getText()})`, what: `${node.getText()} tenfold` };
}

const short = (node) => {
  const text = node.getText().replace(/\s+/g, " ");
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const swapped = { "+": "-", "-": "+", "*": "/", "/": "*" };

/** Formulas with another constant, or another operation. */
function* formulas(node) {
  if (inWords(node)) return;
  if (ts.isNumericLiteral(node) && !isType(node)) {
    const other = Number(node.text) + 1;
    yield { node, text: `${other}`, what: `${other} in ${short(node.parent)}` };
  }
  if (ts.isBinaryExpression(node) && swapped[node.operatorToken.getText()]) {
    const other = swapped[node.operatorToken.getText()];
    yield { node: node.operatorToken, text: other, what: `${other} in ${short(node)}` };
  }
  if (ts.isPropertyAccessExpression(node) && /^Math\.(max|min)$/.test(node.getText()))
    yield {
      node,
      text: node.getText() === "Math.max" ? "Math.min" : "Math.max",
      what: `the other of ${node.getText()} in ${short(node.parent)}`,
    };
}

const isType = (node) => {
  for (let at = node; at; at = at.parent) if (ts.isTypeNode(at)) return true;
  return false;
};

/** Tables whose entries are what is drawn from. */
const drawnTables = ["customCells", "following", "moves", "primitiveEdges", "axes", "margins"];
/** Lists of plain values that are what is drawn from. */
const drawnLists = ["elementShapes", "everyType", "known", "sizes", "primitivePlaces", "fillings", "scales"];

/** Whether an array is a list of classes and no operand. */
function isClasses(node) {
  if (node.elements.length < 2 || isType(node)) return false;
  if (!isConstant(node) && !drawnLists.includes(nameOf(node))) return false;
  for (let at = node.parent; at && !ts.isStatement(at); at = at.parent) {
    if (ts.isArrayLiteralExpression(at)) {
      const list = nameOf(at);
      // Lists of acts are lives.
      return list === "knownOrders" && node.parent === at;
    }
    if (ts.isArrowFunction(at) || ts.isMethodDeclaration(at)) {
      const name = nameOf(node);
      return drawnLists.includes(name);
    }
    if (ts.isCallExpression(at) && at.arguments.some((one) => one === node || contains(one, node)))
      if (
        !/\.(flatMap|map|filter)$|^(crossed|binary|unary|elementForms|typed|numbers|pairForms)/.test(
          at.expression.getText(),
        )
      )
        return false;
  }
  const plain = node.elements.every((one) => ts.isLiteralExpression(one) || ts.isIdentifier(one));
  return !plain || drawnLists.includes(nameOf(node)) || /: Numbers = |Numbers\[\]/.test(declarationOf(node));
}
const contains = (outer, node) => outer.pos <= node.pos && node.end <= outer.end;
function nameOf(node) {
  for (let at = node.parent; at && !ts.isStatement(at); at = at.parent)
    if (ts.isVariableDeclaration(at) || ts.isPropertyAssignment(at)) return at.name.getText();
  return "";
}
function declarationOf(node) {
  for (let at = node.parent; at && !ts.isStatement(at); at = at.parent)
    if (ts.isVariableDeclaration(at)) return at.getText();
  return "";
}

/** What is drawn, with one class left out. */
function* draws(node) {
  if (ts.isArrayLiteralExpression(node) && isClasses(node)) {
    for (const one of node.elements)
      yield {
        node,
        text: `[${node.elements
          .filter((other) => other !== one)
          .map((other) => other.getText())
          .join(", ")}]`,
        what: `${nameOf(node)} without ${short(one)}`,
      };
  }
  if (
    ts.isObjectLiteralExpression(node) &&
    ts.isVariableDeclaration(node.parent) &&
    drawnTables.includes(node.parent.name.getText())
  )
    for (const one of node.properties) yield leftOut(node, node.properties, one, node.parent.name.getText());
  if (
    ts.isSatisfiesExpression(node.parent ?? node) &&
    ts.isObjectLiteralExpression(inner(node)) &&
    drawnTables.includes(nameOf(node))
  )
    for (const one of node.properties) yield leftOut(node, node.properties, one, nameOf(node));
  if (!ts.isCallExpression(node)) return;
  const called = node.expression.getText();
  if (called === "fc.constantFrom") {
    const kept = new Set(argumentsOf(node));
    if (kept.size > 1)
      for (const one of kept)
        yield {
          node,
          text: `fc.constantFrom(${argumentsOf(node)
            .filter((other) => other !== one)
            .join(", ")})`,
          what: `${nameOf(node)} never ${one}`,
        };
    else if (ts.isSpreadElement(node.arguments[0])) return;
  }
  if (called === "fc.oneof") {
    const arms = node.arguments.filter((one) => !/withCrossShrink/.test(one.getText()));
    if (arms.length > 1)
      for (const one of arms)
        yield {
          node,
          text: `fc.oneof(${node.arguments
            .filter((other) => other !== one)
            .map((other) => other.getText())
            .join(", ")})`,
          what: `${nameOf(node)} never ${short(one)}`,
        };
  }
  if (called === "fc.boolean")
    for (const one of ["true", "false"])
      yield { node, text: `fc.constant(${one})`, what: `${nameOf(node)} always ${one}` };
  const range = node.arguments[0];
  if (/^fc\.(integer|nat)$/.test(called) && range && /max/.test(range.getText())) {
    const bounds = Object.fromEntries(
      range.properties.map((one) => [one.name.getText(), one.initializer?.getText() ?? one.name.getText()]),
    );
    yield {
      node,
      text: `fc.constant(${bounds.min ?? 0})`,
      what: `${nameOf(node)} always ${bounds.min ?? 0}`,
    };
    yield { node, text: `fc.constant(${bounds.max})`, what: `${nameOf(node)} always ${bounds.max}` };
  }
  if (called === "fc.option") {
    yield { node, text: "fc.constant(null)", what: `${nameOf(node)} always null` };
    yield { node, text: argumentsOf(node)[0], what: `${nameOf(node)} never null` };
  }
}

const leftOut = (node, all, one, name) => ({
  node,
  text: `{ ${all
    .filter((other) => other !== one)
    .map((other) => other.getText())
    .join(", ")} }`,
  what: `${name} without ${one.name?.getText()}`,
});

/** Kinds of mutants by name, in the words of the table. */
export const families = {
  emptied,
  comparison: conditions,
  check: checks,
  lifetime: lifetimes,
  bound: bounds,
  formula: formulas,
  wish: wishes,
  draw: draws,
};

/**
 * Every mutant of a file.
 *
 * @param {string} file its path, for ids
 * @param {string} text what is in it
 * @param {readonly string[]} wanted families
 * @returns {Mutant[]}
 */
export function mutantsOf(file, text, wanted) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const seen = new Map();
  const edits = new Set();
  const visit = (node) => {
    for (const family of wanted)
      for (const { node: at, text: other, what } of families[family](node)) {
        const [start, end] = [at.getStart(source), at.getEnd()];
        const edit = `${start} ${end} ${other}`;
        if (edits.has(edit) || isType(at)) continue;
        edits.add(edit);
        const place = placeOf(at);
        const told = what.replace(/\s+/g, " ");
        const name = `${file} | ${family} | ${place} | ${told}`;
        const count = (seen.get(name) ?? 0) + 1;
        seen.set(name, count);
        found.push({
          id: count === 1 ? name : `${name} #${count}`,
          family,
          file,
          line: source.getLineAndCharacterOfPosition(start).line + 1,
          what: told,
          start,
          end,
          text: other,
        });
      }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
