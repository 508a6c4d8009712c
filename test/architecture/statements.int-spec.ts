import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

/*
 * The third lock (a repository names its tenant by itself, beside row-level security): whatever is written by hand and sent through the
 * tenant's door says `client_id`. What TypeORM writes, `TenantRepository` narrows.
 */

interface Statement {
  where: string;
  text: string;
  values: string;
}

/** Statements that touch no tenant's table. */
const TABLELESS = /^.\s*select (?:pg_notify|pg_advisory_xact_lock)\(/;
/** A function of ours, which is told the tenant. */
const OUR_FUNCTION = /select \* from \w+\(\$1, /;

const files = globSync('src/modules/**/*.ts').filter((file) => !file.endsWith('.spec.ts'));
const sources = new Map(files.map((file) => [file, ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)]));

function visit(node: ts.Node, found: (node: ts.Node) => void): void {
  found(node);
  node.forEachChild((child) => visit(child, found));
}

/** The initializers of a file's constants, and of its functions' locals, by name. */
function constantsOf(source: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  visit(source, (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) constants.set(node.name.text, node.initializer);
  });
  return constants;
}

/** The words of an expression, with those of the constants that it is made of. */
function wordsOf(expression: ts.Expression, constants: Map<string, ts.Expression>, depth = 0): string {
  const words: string[] = [expression.getText()];
  visit(expression, (node) => {
    const value = ts.isIdentifier(node) && depth < 4 ? constants.get(node.text) : undefined;
    if (value && value !== expression) words.push(wordsOf(value, constants, depth + 1));
  });
  return words.join('\n');
}

/** What is sent by `database.sql` and `database.sqlResult`, in the tenant's scope. */
function statements(): Statement[] {
  const all: Statement[] = [];
  for (const [file, source] of sources) {
    const constants = constantsOf(source);
    visit(source, (node) => {
      if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
      const { name, expression } = node.expression;
      if (!/^sql(Result)?$/.test(name.text) || !/(^|\.)database$/.test(expression.getText())) return;
      const [text, values] = node.arguments;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      if (!text) return;
      all.push({ where: `${file}:${line + 1}`, text: wordsOf(text, constants), values: values ? wordsOf(values, constants) : '' });
    });
  }
  return all;
}

describe('statements written by hand', () => {
  const all = statements();

  it('are found', () => {
    expect(all.length).toBeGreaterThan(40);
  });

  it('each names the tenant whose rows it means, and is told which that is', () => {
    const forgetful = all
      .filter(({ text }) => !TABLELESS.test(text))
      .filter(({ text, values }) => !(text.includes('client_id') || OUR_FUNCTION.test(text)) || !/clientId\(\)|client_id/.test(values));
    expect(forgetful.map(({ where, text }) => `${where} ${text.slice(0, 100)}`)).toEqual([]);
  });
});
