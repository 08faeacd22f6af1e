import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Test, test } from 'tap';
import { signedHeaders } from '../helpers/aws-clients.ts';

const main = fileURLToPath(new URL('../../sim/main.ts', import.meta.url));
const regions = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-southeast-1'];
const freePorts = [...regions.flatMap(region => ['--port', `${region}=0`]), '--control-port', '0', '--dns-port', '0'];

function start(t: Test, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

/** The line it prints when it is ready. */
async function ready(child: ChildProcess): Promise<string> {
  const [chunk] = await once(child.stdout ?? child, 'data');
  return String(chunk);
}

async function failed(t: Test, args: readonly string[]): Promise<string> {
  const child = start(t, args);
  const [said, [code]] = await Promise.all([child.stderr === null ? '' : text(child.stderr), once(child, 'exit')]);
  t.equal(code, 1);
  return said;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`it says when it is ready, serves the real models, and ${signal} ends it whatever hangs`, async t => {
    const child = start(t, freePorts);
    const line = await ready(child);
    t.match(
      line,
      /^simulator ready: us-east-1 http:\/\/127\.0\.0\.1:\d+, .*, control http:\S+, dns 127\.0\.0\.1:\d+\n$/,
    );
    const url = /us-east-1 (\S+),/.exec(line)?.[1] ?? '';
    const controlUrl = /control (\S+),/.exec(line)?.[1] ?? '';
    const path = '/endpoints/rain-v1/invocations';
    const day = { date: '2014-11-03', precipitation: 4.1, temp_max: 11.7, temp_min: 7.2, wind: 3.9 };
    const body = JSON.stringify({ instances: [day] });
    const post = async () => {
      const headers = await signedHeaders(url, { path, body, headers: { 'content-type': 'application/json' } });
      return fetch(url + path, { method: 'POST', headers, body });
    };
    t.match(await (await post()).json(), { predictions: [{ rain: Number }] });

    await fetch(`${controlUrl}/faults`, {
      method: 'POST',
      body: JSON.stringify({ region: 'us-east-1', kind: 'black-hole' }),
    });
    const hanging = post().catch(() => 'cut');
    for (let inFlight = 0; inFlight === 0; ) {
      const stats = JSON.parse(await (await fetch(`${controlUrl}/stats`)).text());
      inFlight = stats.regions['us-east-1'].inFlight;
    }
    const exit = once(child, 'exit');
    child.kill(signal);
    t.same(await exit, [0, null]);
    t.equal(await hanging, 'cut');
  });
}

test('a taken port is an error that names it', async t => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.teardown(() => taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const said = await failed(t, [...freePorts, '--port', `eu-west-1=${port}`]);
  t.match(said, `simulator: port ${port} on 127.0.0.1 (eu-west-1) is already in use`);
});

test('a wrong option is an error that says what was expected', async t => {
  t.match(
    await failed(t, ['--port', 'mars=1']),
    "--port: expected REGION=PORT with REGION one of us-east-1, us-west-2, eu-west-1, ap-southeast-1, got 'mars=1'",
  );
  t.match(await failed(t, ['--seed', 'x']), "--seed: expected a number of at least 0, got 'x'");
  t.match(
    await failed(t, ['--control-port', '70000']),
    "--control-port: expected a port between 0 and 65535, got '70000'",
  );
});
