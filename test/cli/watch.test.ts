import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const entry = join(import.meta.dirname, '../../src/meridian.mjs');

test('a watched status is drawn again and again until it is interrupted', async t => {
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  const child = spawn(process.execPath, [entry, 'canary', 'status', '--watch'], {
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

test('a watched status outlives a restart of the gateway', async t => {
  let server = createServer((_, response) => response.end('{"canaries":[]}'));
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  t.teardown(() => server.close());
  const child = spawn(process.execPath, [entry, 'canary', 'status', '--watch'], {
    env: { ...process.env, MERIDIAN_ADMIN: `http://127.0.0.1:${port}` },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let out = '';
  child.stdout.on('data', chunk => {
    out += String(chunk);
  });
  await eventually(t, 'it is drawn', () => out.includes('No canary was started yet.'));
  server.closeAllConnections();
  server.close();
  await eventually(t, 'it says that nobody answers', () => out.includes('No gateway answers'));
  out = '';
  server = createServer((_, response) => response.end('{"canaries":[]}'));
  await listen(port);
  await eventually(t, 'it is drawn again', () => out.includes('No canary was started yet.'));
  child.kill('SIGINT');
  t.strictSame(await ended, [0, null]);
});
