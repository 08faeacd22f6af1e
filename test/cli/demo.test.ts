import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { eventually } from '../helpers/eventually.ts';
import { freePort } from '../helpers/redis.ts';

const root = join(import.meta.dirname, '../..');
const names = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'];

/** The demo as a process of its own, on free ports. */
async function startDemo(t: Test) {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-demo-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const [data = 0, admin = 0, control = 0, dns = 0, ...regions] = await Promise.all(
    Array.from({ length: 8 }, () => freePort()),
  );
  let config = readFileSync(join(root, 'config/demo.yaml'), 'utf8')
    .replace('127.0.0.1:8080', `127.0.0.1:${data}`)
    .replace('127.0.0.1:8081', `127.0.0.1:${admin}`)
    .replace('127.0.0.1:9153', `127.0.0.1:${dns}`)
    .replace('.meridian/demo.log', join(directory, 'demo.log'))
    .replace('.meridian/demo #', `${directory} #`);
  names.forEach((_, index) => {
    config = config.replaceAll(`:${9101 + index}`, `:${regions[index]}`);
  });
  const path = join(directory, 'demo.yaml');
  writeFileSync(path, config);
  const env = {
    ...process.env,
    SIM_PORTS: names.map((name, index) => `${name}=${regions[index]}`).join(','),
    SIM_CONTROL_PORT: String(control),
    SIM_DNS_PORT: String(dns),
  };
  const child = spawn(process.execPath, [join(root, 'src/server.ts'), 'demo', '--config', path], {
    env,
    detached: true,
  });
  const seen = { out: '', err: '' };
  child.stdout.on('data', chunk => {
    seen.out += String(chunk);
  });
  child.stderr.on('data', chunk => {
    seen.err += String(chunk);
  });
  const ended = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)));
  t.teardown(() => child.kill('SIGKILL'));
  return { child, seen, ended, url: `http://127.0.0.1:${data}`, data, region: regions[0] };
}

test('the demo prints its URLs, answers the curl it prints, shows a status line, and leaves no process behind', async t => {
  const demo = await startDemo(t);
  await eventually(t, 'it introduces itself', () => demo.seen.out.includes('Ctrl-C stops everything.'));
  const body = /-d '(\{"instances.*\})'/.exec(demo.seen.out)?.[1] ?? '';
  const ask = (headers: Record<string, string> = {}) =>
    fetch(`${demo.url}/v1/models/rain/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  t.match(await (await ask()).json(), { predictions: [{ rain: Number }] });
  for (const region of names) {
    const answer = await ask({ 'x-meridian-region': region, 'x-meridian-fallback': 'none' });
    t.same([answer.status, answer.headers.get('x-meridian-region')], [200, region], 'each region serves');
  }
  await eventually(t, 'the status line comes', () =>
    /\d+ req\/s {2}answered .* p50 \d+ ms {2}p99 \d+ ms {2}regions 4\/4 {2}cache/.test(demo.seen.out),
  );
  demo.child.kill('SIGINT');
  t.equal(await demo.ended, 0);
  t.throws(() => process.kill(-(demo.child.pid ?? 0), 0), { code: 'ESRCH' }, 'no process of its group is left');
  t.equal(demo.seen.err, '');
});

test('a taken port is named', async t => {
  const demo = await startDemo(t);
  const squatter = createServer().listen(demo.data, '127.0.0.1');
  t.teardown(() => squatter.close());
  t.equal(await demo.ended, 1);
  t.match(demo.seen.err, `Port ${demo.data} (listen.data`);
  t.throws(() => process.kill(-(demo.child.pid ?? 0), 0), { code: 'ESRCH' });
});

test('a port of the simulator that is taken is named, with the mend', async t => {
  const demo = await startDemo(t);
  const squatter = createServer().listen(demo.region, '127.0.0.1');
  t.teardown(() => squatter.close());
  t.equal(await demo.ended, 1);
  t.match(demo.seen.err, /already in use\nIs another demo running\?/);
});
