import { createServer } from 'node:net';
import { test } from 'tap';
import { demoRegionNames, startDemo } from '../helpers/demo.ts';
import { eventually } from '../helpers/eventually.ts';

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
  for (const region of demoRegionNames) {
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
