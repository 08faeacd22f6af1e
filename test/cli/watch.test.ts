import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const server = join(import.meta.dirname, '../../src/meridian.mjs');

test('a watched status is drawn again and again until it is interrupted', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  const child = spawn(process.execPath, [server, 'canary', 'status', '--watch'], {
    env: { ...process.env, MERIDIAN_ADMIN: gateway.urls.admin },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = new Promise(resolve => child.once('exit', resolve));
  const seen = { out: '', err: '' };
  child.stdout.on('data', chunk => {
    seen.out += String(chunk);
  });
  child.stderr.on('data', chunk => {
    seen.err += String(chunk);
  });
  await eventually(t, 'it is drawn twice', () => seen.out.split('No canary was started yet.').length > 2);
  child.kill('SIGINT');
  t.equal(await ended, 0);
  t.equal(seen.err, '');
});
