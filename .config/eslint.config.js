import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// The imports that one place alone may have. dependency-cruiser holds the folders apart; names within a package are told apart here.
const DOORS = [
  {
    place: 'platform/database',
    files: ['src/platform/database/**'],
    paths: [
      { name: 'pg', message: 'Only platform/database talks to PostgreSQL.' },
      {
        name: 'typeorm',
        importNames: ['DataSource', 'EntityManager', 'QueryRunner', 'Repository', 'getMetadataArgsStorage'],
        message: 'Go through the repositories of platform/database, which bind the tenant.',
      },
      { name: '@nestjs/typeorm', message: 'Go through the repositories of platform/database, which bind the tenant.' },
    ],
  },
  {
    place: 'platform/realtime',
    files: ['src/platform/realtime/**'],
    paths: [{ name: 'socket.io', importNames: ['Server', 'Namespace'], message: 'Only platform/realtime touches the socket server.' }],
  },
];

/** Every door's imports but those of one. */
function closed(place) {
  return ['error', { paths: DOORS.filter((door) => door.place !== place).flatMap((door) => door.paths) }];
}

const ENVIRONMENT = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only platform/config reads the environment; inject Config.',
};

const DECORATED_ENVIRONMENT = {
  selector: "ImportDeclaration[source.value='node:process'] ImportSpecifier[imported.name='env']",
  message: 'Only platform/config reads the environment; inject Config.',
};

export default defineConfig(
  { ignores: ['dist/**', 'coverage/**', 'node_modules/**', '.data/**'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: `${import.meta.dirname}/..` } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-restricted-imports': closed(null),
      'no-restricted-syntax': ['error', ENVIRONMENT, DECORATED_ENVIRONMENT],
      'max-lines': ['error', { max: 400 }],
      'prefer-const': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true }],
      // Type imports stay apart where nothing decorated needs the class at run time; the rule knows of emitDecoratorMetadata.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      // Maps that modules fill in by declaration merging begin empty.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'always' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { inheritedMethods: false } }],
      // An empty class is a token or a Nest module; an async method without await keeps a port's signature.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowNullish: false, allowAny: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  ...DOORS.map(({ files, place }) => ({ files, rules: { 'no-restricted-imports': closed(place) } })),
  { files: ['src/platform/config/**', 'src/cli/**'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['src/cli/**'], rules: { 'no-console': 'off' } },
  {
    // A migration is given its QueryRunner by TypeORM.
    files: ['migrations/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    // Tests look past the doors on purpose, and read what nobody typed.
    files: ['test/**', '**/*.spec.ts'],
    rules: {
      'no-console': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-syntax': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
