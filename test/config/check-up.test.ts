import { test } from 'tap';
import { checkReport } from '../../src/config/check.ts';
import { textSource } from '../../src/config/files.ts';
import { renderCheck } from '../../src/config/render-check.ts';
import { edited, soundConfig } from '../helpers/config-texts.ts';

const checkUp = (text: string) => checkReport(textSource(text, 'c.yaml', { env: {}, readFile: () => '' }));

test('a sound config: all looked at, each version’s regions drawn', async t => {
  const report = checkUp(soundConfig);
  t.ok(report.ok);
  t.match(report.hash, /^[0-9a-f]{12}$/);
  t.equal(
    renderCheck(report).replace(report.hash ?? '', 'HASH'),
    `Check-up of c.yaml

  ✓ file       read, valid YAML, every reference filled in
  ✓ schema     every key known, every value of its kind, nothing missing
  ✓ listeners  addresses usable, the admin side guarded
  ✓ callers    keys distinct, their models and residencies exist
      · c.yaml:1  auth
        none: whoever reaches the data port may call every model
        → keep 0.0.0.0:8080 where only trusted callers reach it, or write auth.keys
  ✓ regions    endpoints usable, credentials unambiguous, none idle
  ✓ models     names distinct, versions reachable, a second region
  ✓ targets    regions exist, none twice, settings fit their kind
  ✓ fallback   stand-ins exist, none in a circle, each can be reached
  ✓ jobs       buckets in regions of the config, copies possible
  ✓ monitors   baselines sound, marks in order, captures have a place
  ✓ retraining regions of actions known, numbers of windows possible, hooks told apart
  ✓ limits     deadlines, bodies and timers fit, paths usable, replicas agree
  ✓ prices     every target and region priced

  rain: lowest-latency, 2 regions, 1 left if one is lost
               us-east-1  eu-west-1
    v1  100 %  realtime   realtime
    callers bound to us have us-east-1 only
    callers bound to eu have eu-west-1 only

  drizzle: lowest-latency, 2 regions, 1 left if one is lost
               us-east-1  eu-west-1
    v1  100 %  realtime   serverless
    callers bound to us have us-east-1 only
    callers bound to eu have eu-west-1 only

✓ fit to serve (0 errors, 0 warnings, 1 note; hash HASH)`,
  );
});

test('the grid marks holes, shares, several targets in one place and what residency keeps out', async t => {
  const text = edited(
    '  drizzle:\n',
    `      v2:
        weight: 10
        targets:
          - { region: us-east-1, endpoint: rain-v2, price: { instance: ml.m5.large } }
          - { kind: sagemaker-serverless, region: us-east-1, endpoint: rain-sls, memoryMb: 1024 }
  drizzle:
    routing: { residency: [us] }
`,
  );
  const lines = renderCheck(checkUp(text)).split('\n');
  t.same(
    lines.filter(line => /^ {2}(rain|drizzle)| %/.test(line)),
    [
      '  rain: lowest-latency, 2 regions, 1 left if one is lost',
      '    v1  90 %  realtime               realtime',
      '    v2  10 %  realtime + serverless  ✗ none',
      '  drizzle: lowest-latency, 1 region, none left if it is lost',
      '    v1  100 %  realtime   kept out',
    ],
  );
});

test('a refused config: the mend under each mistake, and no claim about what could not be looked at', async t => {
  const report = checkUp(edited('weight: 90', 'weight: ninety').replace(', memoryMb: 1024', ''));
  t.notOk(report.ok);
  t.notOk('hash' in report);
  const text = renderCheck(report);
  t.match(text, '  ✗ schema     every key known');
  t.match(
    text,
    '      ✗ c.yaml:10  models.rain.versions.v1.weight\n        found "ninety"\n        → expected a number, 0 or more',
  );
  t.match(text, '  ✗ targets    regions exist');
  t.match(text, '  ? models     names distinct');
  t.match(
    text,
    '✗ would be refused (2 errors, 0 warnings, 1 note)\n? nothing found, but the mistakes above hide some of it',
  );
  t.notMatch(text, /^ {2}rain:/m, 'no grid of a model that was not understood');
});

test('a file that is not YAML: nothing else is judged', async t => {
  const report = checkUp('auth: [');
  t.same(
    report.checked.map(({ state }) => state),
    ['failed', ...Array(report.checked.length - 1).fill('unseen')],
  );
  t.equal(report.errors, 1);
});

test('a warning is no refusal', async t => {
  const report = checkUp(edited('aliases: [rain-prod]', 'deadlineMs: 60000'));
  t.ok(report.ok);
  t.match(
    report.checked.find(({ heading }) => heading === 'limits'),
    { state: 'warned' },
  );
  t.match(renderCheck(report), '  ! limits ');
});

test('the report is plain data', async t => {
  const report = checkUp(soundConfig);
  t.strictSame(JSON.parse(JSON.stringify(report)), report);
});
