// Plain old JavaScript, since it is for a Node that cannot read the rest: what npm's scripts load first.
'use strict';

var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 24 || (parts[0] === 24 && parts[1] < 18) || parts[0] === 25) {
  process.stderr.write(
    'Kaiwa needs Node 24.18 or later, or 26 and later; this is ' +
      process.version +
      '. The right one comes with the packages: run `npm ci` without --omit=optional, or install it.\n',
  );
  process.exit(1);
}
