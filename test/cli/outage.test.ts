import { test } from 'tap';
import { startDemo } from '../helpers/demo.ts';

const lastLine = (out: string) => out.trimEnd().split('\n').at(-1);
/** Of the config: every target but those at home. */
const elsewhere = ['us-west-2', 'eu-west-1', 'ap-southeast-1'].map(
  region => `          - { region: ${region}, endpoint: rain-v1, price: { instance: ml.m5.large, count: 2 } }\n`,
);

test('20 October 2025: of a region that is ill in three ways callers feel nothing; those who have no other feel it', async t => {
  const scenario = { file: 'scenarios/outage.yaml', args: ['--scenario', 'outage'] };
  const [demo, alone] = await Promise.all([
    startDemo(t, scenario),
    startDemo(t, { ...scenario, edits: elsewhere.map(target => [target, ''] as const) }),
  ]);
  const codes = await Promise.all([demo.ended, alone.ended]);

  const { out } = demo.seen;
  t.equal(codes[0], 0, out.slice(-3_000));
  t.equal(lastLine(out), 'served throughout');
  for (const began of ['06:48', '09:25', '12:30', '18:23', '21:20']) t.match(out, `${began} UTC`);
  t.match(out, /target {7}rain v1@us-east-1\/realtime left out for [\d.]+ s: .*ECONNREFUSED/, 'and why');
  const shares = [...out.matchAll(/callers {6}.*/g)].map(([line]) => Number(/us-east-1 (\d+) %/.exec(line)?.[1] ?? 0));
  t.ok((shares[0] ?? 0) > 90, `at home before: ${shares}`);
  t.ok(Math.min(...shares) < 20, `elsewhere during the outage: ${shares}`);
  t.ok((shares.at(-1) ?? 0) >= 90, `at home again: ${shares}`);

  t.equal(codes[1], 1, 'without other regions it does not come true');
  t.equal(lastLine(alone.seen.out), 'not served throughout');
  t.match(alone.seen.out, /callers {6}\d\d\.\d\d % of/, 'and it is told how many were lost');
});
