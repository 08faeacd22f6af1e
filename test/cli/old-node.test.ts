import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';

const entry = join(import.meta.dirname, '../../src/meridian.mjs');
/** Makes a Node call itself older than it is. */
const older =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";

test('an older Node is told what is needed, and how to have it', async t => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', older, entry, '--help'], {
    encoding: 'utf8',
  });
  t.equal(status, 1);
  t.equal(stdout, '');
  t.equal(stderr, 'Meridian needs Node 24, and this is 20.20.2. npm brings its own: npm ci, then npm start.\n');
});
