// architecture: "Who imports whom". The floors, from the top: app (src/*.ts), modules, integrations, platform.
const DATABASE_PACKAGES = '(^|/)node_modules/(@types/)?(pg|pg-pool|@nestjs/typeorm)/';
const TESTS = '\\.spec\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'No circles, at any level; the other way round a module publishes an event.',
      severity: 'error',
      from: { path: '^(src|migrations)/' },
      // A type alone is gone at run time, and two halves of one thing may name each other.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'platform-knows-nothing-above',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/(?!platform/)' },
    },
    {
      name: 'integrations-know-platform-alone',
      severity: 'error',
      from: { path: '^src/integrations/' },
      to: { path: '^src/(?!platform/|integrations/)' },
    },
    {
      name: 'integrations-apart',
      comment: 'Integrations never import each other.',
      severity: 'error',
      from: { path: '^src/integrations/([^/]+)/' },
      to: { path: '^src/integrations/', pathNot: '^src/integrations/$1/' },
    },
    {
      name: 'modules-know-not-the-app',
      severity: 'error',
      from: { path: '^src/modules/' },
      to: { path: '^src/[^/]+\\.ts$|^src/(cli|documents)/' },
    },
    {
      name: 'module-by-its-index',
      comment: 'A module is imported by others through its index.ts alone.',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/', pathNot: TESTS },
      to: { path: '^src/modules/', pathNot: '^src/modules/($1/|[^/]+/index\\.ts$)' },
    },
    {
      name: 'module-by-its-index-from-app',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/modules/', pathNot: '^src/modules/[^/]+/index\\.ts$' },
    },
    {
      name: 'integration-by-its-index',
      severity: 'error',
      from: { path: '^src/(?!integrations/)', pathNot: TESTS },
      to: { path: '^src/integrations/', pathNot: '^src/integrations/[^/]+/index\\.ts$' },
    },
    {
      name: 'platform-by-its-index',
      comment: "Floors above, and other parts of the platform, import a part of it through its index.ts (http's validation has its own).",
      severity: 'error',
      from: { path: '^src/(modules|integrations)/|^src/[^/]+\\.ts$', pathNot: TESTS },
      to: { path: '^src/platform/', pathNot: '^src/platform/[^/]+/(validation/|decorators/)?index\\.ts$' },
    },
    {
      name: 'config-stands-alone',
      comment: 'The configuration is what all others read; it reads none of them.',
      severity: 'error',
      from: { path: '^src/platform/config/' },
      to: { path: '^src/platform/(?!config/)' },
    },
    {
      name: 'one-door-to-the-database',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/platform/database/|${TESTS}` },
      to: { path: DATABASE_PACKAGES },
    },
    {
      name: 'repositories-know-no-dto',
      severity: 'error',
      from: { path: '\\.(repository|entity|policy|sql)\\.ts$' },
      to: { path: '\\.(dto|controller|gateway|service|job)\\.ts$' },
    },
    {
      name: 'services-know-no-door',
      comment: 'controller | gateway | job → service → policy, repository → entity.',
      severity: 'error',
      from: { path: '\\.service\\.ts$' },
      to: { path: '\\.(controller|gateway|job)\\.ts$' },
    },
    {
      name: 'doors-know-no-repository',
      comment: 'A controller or gateway is one line to its service.',
      severity: 'error',
      from: { path: '\\.(controller|gateway)\\.ts$' },
      to: { path: '\\.repository\\.ts$' },
    },
    {
      name: 'sources-know-no-test',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: TESTS },
      to: { path: '^test/|\\.spec\\.ts$' },
    },
    {
      name: 'cli-knows-no-app',
      comment: 'It runs before the application is built.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/(?!cli/)' },
    },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    // A page's scripts name each other as the server serves them.
    { name: 'not-resolvable', severity: 'error', from: { pathNot: '/page/[^/]+\\.js$' }, to: { couldNotResolve: true } },
    { name: 'not-declared', severity: 'error', from: {}, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] } },
    { name: 'no-deprecated', severity: 'error', from: {}, to: { dependencyTypes: ['deprecated'] } },
    {
      name: 'no-orphan',
      comment: 'A file that nothing imports and that is no door.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: `^src/[^/]+\\.ts$|^src/cli/|${TESTS}` },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
