/** @type {import('jest').Config} */
export default {
  rootDir: '..',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts', '<rootDir>/test/**/*.{int,e2e}-spec.ts'],
  testEnvironment: 'node',
  maxWorkers: 2,
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'json', 'node'],
  // `.json.js` is a module that a package ships beside its JSON.
  moduleNameMapper: { '^(\\.{1,2}/.*(?<!\\.json))\\.js$': '$1' },
  // Decorators need their metadata, which Node's own type stripping does not write.
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        // Jest loads the set-up as CommonJS; its dynamic imports stay Node's own.
        module: { type: 'es6', ignoreDynamic: true },
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/preload.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  reporters: process.env.CI ? [['default', { summaryThreshold: 0 }]] : ['default'],
  errorOnDeprecated: true,
};
