// Every name that an entry point exports, and every property and option that a user of it meets, has a
// docstring: `npm run check:docs`.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { entryPoints } from "./entry-points.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { config } = ts.readConfigFile(`${root}tsconfig.base.json`, (path) => readFileSync(path, "utf8"));
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
const program = ts.createProgram(
  Object.values(entryPoints).map((file) => root + file),
  options,
);
const checker = program.getTypeChecker();
const missing = new Map();

const declarationsOf = (symbol) => symbol.declarations ?? [];
const own = (symbol) => {
  const declarations = declarationsOf(symbol);
  return (
    declarations.length > 0 &&
    declarations.every((one) => {
      const { fileName } = one.getSourceFile();
      return fileName.startsWith(root) && !fileName.includes("/node_modules/");
    })
  );
};
const tagged = (symbol, tag) => symbol.getJsDocTags(checker).some(({ name }) => name === tag);
const hidden = (symbol) =>
  tagged(symbol, "internal") ||
  declarationsOf(symbol).some(
    (one) =>
      ts.getCombinedModifierFlags(one) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected) ||
      (one.name && ts.isPrivateIdentifier(one.name)),
  );

/** Whether the comment of what an inline `{ ... }` type belongs to names the property. */
function describedAround(declaration, name) {
  if (!ts.isTypeLiteralNode(declaration.parent)) return false;
  for (let node = declaration.parent; node; node = node.parent) {
    const [comment] = ts.getJSDocCommentsAndTags(node);
    if (comment) return new RegExp(`\\b${name}\\b`).test(comment.getText());
  }
  return false;
}

/** Notes a symbol without a comment; one that several entry points have is noted once. */
function want(symbol, path) {
  if (symbol.getDocumentationComment(checker).length > 0) return;
  const [declaration] = declarationsOf(symbol);
  if (describedAround(declaration, symbol.name)) return;
  const source = declaration.getSourceFile();
  const line = source.getLineAndCharacterOfPosition(declaration.getStart()).line + 1;
  const place = `${source.fileName.slice(root.length)}:${line}`;
  if (!missing.has(place + symbol.name)) missing.set(place + symbol.name, `${place} ${path}`);
}

const seen = new Set();
/** Wants a comment on each property of a type of ours, and of the types of those. */
function visit(type, path) {
  if (type === undefined || seen.has(type)) return;
  seen.add(type);
  if (type.isUnion()) return type.types.forEach((one) => visit(one, path));
  if (!(type.flags & ts.TypeFlags.Object) && !type.isIntersection()) return;
  for (const one of checker.getTypeArguments(type) ?? []) visit(one, path);
  for (const { type: element } of checker.getIndexInfosOfType(type)) visit(element, path);
  for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()])
    if (!hiddenSignature(signature)) visitSignature(signature, path);
  for (const property of checker.getPropertiesOfType(type)) {
    // A symbol such as Symbol.dispose is what the language says it is.
    if (!own(property) || hidden(property) || property.name.startsWith("__@")) continue;
    const named = type.symbol?.name.startsWith("__") === false;
    const inside = `${named ? type.symbol.name : path}.${property.name}`;
    want(property, inside);
    visit(checker.getTypeOfSymbol(property), inside);
  }
}

/** Whether a constructor is for the library alone. */
const hiddenSignature = (signature) =>
  signature.getJsDocTags().some(({ name }) => name === "internal") ||
  (signature.declaration &&
    ts.getCombinedModifierFlags(signature.declaration) &
      (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;

function visitSignature(signature, path) {
  for (const parameter of signature.parameters) visit(checker.getTypeOfSymbol(parameter), path);
  visit(signature.getReturnType(), path);
}

function visitExport(symbol, path) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  // `export * as layers`: what is in it, and its own page.
  if (target.flags & ts.SymbolFlags.ValueModule) {
    for (const one of checker.getExportsOfModule(target)) visitExport(one, `${path}.${one.name}`);
    return;
  }
  if (!own(target) || tagged(target, "internal")) return;
  want(target, path);
  // A definition is one value that is handed to a kit; what is in it is nobody's to read.
  if (/Definitions?$/.test(symbol.name) && target.flags & ts.SymbolFlags.Variable) return;
  if (target.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Class))
    visit(checker.getDeclaredTypeOfSymbol(target), path);
  if (target.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable | ts.SymbolFlags.Class))
    visit(checker.getTypeOfSymbol(target), path);
}

for (const [specifier, file] of Object.entries(entryPoints)) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(root + file));
  for (const symbol of checker.getExportsOfModule(module)) visitExport(symbol, `${specifier} ${symbol.name}`);
}
const lines = [...missing.values()].sort();
if (lines.length > 0) {
  console.error(`${lines.join("\n")}\n${lines.length} without a docstring`);
  process.exitCode = 1;
}
