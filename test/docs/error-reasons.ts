import { relative } from 'node:path';
import ts from 'typescript';
import { projectRoot as root } from '../architecture/source-files.js';

/** One reason of an error, and a place that gives it. */
export interface FoundReason {
  readonly reason: string;
  readonly place: string;
}

const kebab = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u;

/**
 * The reasons that `src/` gives to its errors: text given to a property or a parameter named `reason`, members of a type
 * `…Reason`, and the names of the refusals of a plan. Why a component is in a plan is called a reason too, but of another
 * type.
 */
export function errorReasons(): readonly FoundReason[] {
  const configPath = ts.findConfigFile(root, (path) => ts.sys.fileExists(path))!;
  const { config } = ts.readConfigFile(configPath, (path) => ts.sys.readFile(path)) as { config: unknown };
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(fileNames, { ...options, noEmit: true, incremental: false });
  const checker = program.getTypeChecker();
  const found: FoundReason[] = [];

  const take = (value: ts.Expression): void => {
    if (ts.isConditionalExpression(value)) {
      take(value.whenTrue);
      take(value.whenFalse);
    } else if (ts.isBinaryExpression(value)) {
      take(value.left);
      take(value.right);
    } else if (ts.isSatisfiesExpression(value) || ts.isAsExpression(value)) {
      take(value.expression);
    } else if (ts.isStringLiteralLike(value) && kebab.test(value.text) && !isPlanReason(value)) {
      add(value.text, value);
    }
  };
  const add = (reason: string, node: ts.Node): void => {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push({ reason, place: `${relative(root, file.fileName)}:${line + 1}` });
  };
  const isPlanReason = (value: ts.Expression): boolean => {
    const type = checker.getContextualType(value);
    return type !== undefined && checker.typeToString(type).includes('PlanReason');
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'reason') take(node.initializer);
    if (
      ts.isVariableDeclaration(node) &&
      node.name.getText() === 'reason' &&
      node.initializer !== undefined
    ) {
      take(node.initializer);
    }
    if (ts.isFunctionDeclaration(node) && node.name?.text === 'reasonOf') {
      ts.forEachChild(node.body!, (statement) => {
        if (ts.isReturnStatement(statement)) take(statement.expression!);
      });
    }
    if (ts.isCallExpression(node)) {
      const parameters = checker.getResolvedSignature(node)?.parameters ?? [];
      parameters.forEach((parameter, index) => {
        const argument = node.arguments[index];
        if (parameter.name === 'reason' && argument !== undefined) take(argument);
      });
      // setTimeout(fail, delay, 'reason')
      const [callback, , late] = node.arguments;
      if (node.expression.getText() === 'setTimeout' && callback !== undefined && late !== undefined) {
        const [signature] = checker.getTypeAtLocation(callback).getCallSignatures();
        if (signature?.parameters[0]?.name === 'reason') take(late);
      }
    }
    if (ts.isTypeAliasDeclaration(node) && node.name.text.endsWith('FailureReason')) {
      const type = checker.getTypeAtLocation(node.name);
      for (const member of type.isUnion() ? type.types : [type]) {
        if (member.isStringLiteral()) add(member.value, node);
      }
    }
    if (ts.isVariableDeclaration(node) && node.name.getText() === 'planChecks') {
      node.initializer?.forEachChild((check) => {
        check.forEachChild((property) => {
          if (ts.isPropertyAssignment(property) && property.name.getText() === 'name')
            take(property.initializer);
        });
      });
    }
    ts.forEachChild(node, visit);
  };
  for (const file of program.getSourceFiles()) {
    if (file.fileName.startsWith(`${root}src/`) && !file.fileName.startsWith(`${root}src/testing/`))
      visit(file);
  }
  return found;
}
