import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { runCommand as run } from '../helpers/command.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

function file(t: Test, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'meridian-cli-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'gateway.yaml');
  writeFileSync(path, text);
  return path;
}

test('every command explains itself, and mistakes are answered with the usage', async t => {
  t.match(await run(['--version']), { code: 0, out: /^\d+\.\d+\.\d+\n$/ });
  t.match(await run(['--help']), { code: 0, out: /serve.*\n.*demo.*\n.*check.*\n.*explain.*\n.*drain/s });
  for (const name of ['serve', 'demo', 'check', 'explain', 'drain', 'undrain', 'purge', 'keys', 'canary', 'episodes']) {
    t.match(await run([name, '--help']), { code: 0, out: `Usage: meridian ${name}` });
    t.match(await run([name, '--no-such-option']), { code: 2, err: /Usage: meridian/ }, name);
  }
  for (const rate of ['abc', '-1', '', '1001'])
    t.match(await run(['demo', `--rate=${rate}`]), { code: 2, err: /--rate is a number of requests a second/ }, rate);
  t.match(await run(['demo', 'fly']), { code: 2, err: /demo takes no fly/ });
  t.match(await run(['check', '--jsn']), { code: 2, err: /^Unknown option '--jsn'\.\n/ });
  t.match(await run(['fly']), { code: 2, err: /no command fly/ });
  t.match(await run([]), { code: 2 });
});

test('check: 0 for a config that would serve, 1 for one that would not, with the mend', async t => {
  const good = file(
    t,
    'auth: none\nregions: { us-east-1: {} }\nmodels:\n  rain:\n    versions:\n      v1: { targets: [{ region: us-east-1, endpoint: rain }] }\n',
  );
  t.match(await run(['check', good]), { code: 0, out: /✓ fit to serve/ });
  const bad = file(
    t,
    'auth: none\nregions: { us-east-1: {} }\nmodels:\n  rain:\n    versions:\n      v1: { targets: [{ region: us-wset-1, endpoint: rain }] }\n',
  );
  t.match(await run(['check', bad]), { code: 1, out: /us-wset-1/ });
  t.match(JSON.parse((await run(['check', bad, '--json'])).out), { ok: false });
  t.match(await run(['check', '/no/such/file']), { code: 1 });
});

test('serve refuses a bad config and a taken port in clear words', async t => {
  t.match(await run(['serve']), { code: 2, err: /--config/ });
  t.match(await run(['serve', '--config', '/no/such/file']), { code: 1, err: /no\/such\/file/ });
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  const { port } = new URL(gateway.urls.data);
  const taken = file(
    t,
    `auth: none\nlisten: { data: '127.0.0.1:${port}', admin: '127.0.0.1:0' }\nlog: { level: silent }\nlimits: { drainMs: 0 }\nstateDir: ${mkdtempSync(join(tmpdir(), 'meridian-cli-'))}\ncredentials: { accessKeyId: a, secretAccessKey: b }\nregions: { us-east-1: {} }\nmodels:\n  rain:\n    versions:\n      v1: { targets: [{ region: us-east-1, endpoint: rain }] }\n`,
  );
  t.match(await run(['serve', '--config', taken]), { code: 1, err: new RegExp(`Port ${port} \\(listen\\.data`) });
});

test('explain, drain, undrain and purge act on a running gateway', async t => {
  const gateway = await startTestGateway(t, {
    models: { rain: simpleModel(['us-east-1', 'us-west-2'], { routing: { warmShare: 0 } }) },
  });
  const env = { MERIDIAN_ADMIN: gateway.urls.admin };
  t.match(await run(['explain', 'rain'], env), { code: 0, out: /v1@us-east-1\/realtime/ });
  t.match(JSON.parse((await run(['explain', 'rain', '--json', '--region', 'us-west-2'], env)).out), {
    versions: [{ targets: [{ excluded: null }, { excluded: 'pinned-elsewhere' }] }],
  });
  t.match(await run(['drain', 'us-east-1', '--reason', 'test'], env), { code: 0, out: /drained/ });
  t.equal((await gateway.call('rain')).headers.get('x-meridian-region'), 'us-west-2');
  t.match(await run(['explain', 'rain'], env), { out: /drained/ });
  t.match(await run(['undrain', 'us-east-1'], env), { code: 0 });
  t.match(await run(['undrain', 'us-east-1'], env), { code: 1, err: /not drained/ });
  t.match(await run(['drain', 'rain', 'v1@us-west-2/realtime'], env), { code: 0 });
  t.match(await run(['purge', 'rain', 'v1'], env), { code: 0 });
  t.match(await run(['purge', 'snow'], env), { code: 1, err: /there are rain/ });
  for (const [option, value, words] of [
    ['prefer', 'cheap', 'prefer must be one of latency, cost, balanced.'],
    ['bytes', '6MB', 'bytes must be a whole number.'],
    ['region', 'mars', 'region must be a region such as eu-west-1, or !us-east-1 to avoid one.'],
  ] as const)
    t.match(await run(['explain', 'rain', `--${option}`, value], env), { code: 1, err: words });
  t.match(await (await fetch(`${gateway.urls.admin}/admin/explain`)).json(), {
    error: { message: 'model is missing.' },
  });
  t.match(await run(['explain', 'rain', '--admin', 'http://127.0.0.1:1'], {}), { code: 1, err: /No gateway answers/ });
});

test('keys are created, listed, rotated and revoked against a running gateway; secrets are shown once', async t => {
  const gateway = await startTestGateway(t, {
    auth: { issued: { encryptionKey: 'a test’s own key, thirty-two characters or more' } },
    models: { rain: simpleModel(['us-east-1'], { aliases: ['rain-prod'] }) },
  });
  const keys = (...args: string[]) => run(['keys', ...args, '--admin', gateway.urls.admin]);
  t.match(await keys('list'), { code: 0, out: /No keys/ });
  const made = await keys(
    'create',
    '--tenant',
    'acme',
    '--model',
    'rain-prod',
    '--residency',
    'us',
    '--expires',
    '90d',
  );
  t.equal(made.code, 0);
  const [, id = '', secret = ''] = /id +(MK\w+)\nSecret access key +(mk_\S+)/.exec(made.out) ?? [];
  t.equal((await gateway.call('rain', { headers: { 'x-api-key': secret } })).status, 200);
  const listed = new RegExp(`${id}  acme  active  rain  expires 20.*used 20`);
  await eventually(t, 'its use is noted', async () => listed.test((await keys('list')).out));
  const { out } = await keys('list');
  t.notMatch(out, secret);
  t.notMatch(JSON.stringify(gateway.log), secret);
  t.match(await keys('rotate', id, '--overlap', '1h'), { code: 0, out: /mk_.*older secret goes on until 20/s });
  t.match(await keys('rotate', id), { code: 1, err: /--finish/ });
  t.match(await keys('rotate', id, '--finish'), { code: 0, out: /refused now/ });
  t.equal((await gateway.call('rain', { headers: { 'x-api-key': secret } })).status, 403);
  t.match(await keys('revoke', id), { code: 0 });
  t.match(await keys('list', '--json'), { out: /"state": "revoked"/ });
  const acts = gateway.log.filter(line => line['message'] === 'operator').map(line => [line['act'], line['id']]);
  t.same(acts, [
    ['keys create', id],
    ['keys rotate', id],
    ['keys rotate', id],
    ['keys revoke', id],
  ]);
  for (const wrong of [[], ['create'], ['revoke'], ['rotate', 'a', 'b'], ['rotate', 'a', '--overlap', 'long'], ['fly']])
    t.match(await keys(...wrong), { code: 2, err: /Usage: meridian keys/ }, wrong.join(' '));
  t.match(await keys('create', '--tenant', 'a', '--expires', '2020-01-01'), { code: 1, err: /no time to come/ });
  t.match(await keys('create', '--tenant', 'a', '--expires', 'tomorrow'), { code: 2, err: /a day such as 2030-01-31/ });
  t.match(await keys('create', '--tenant', 'a', '--model', 'snow'), { code: 1, err: /No model snow/ });
});

test('options of a canary are refused in the words of the command line', async t => {
  const mistakes = [
    ['--sample', '0', /--sample takes a whole number/],
    ['--sample', '1.5', /--sample takes a whole number/],
    ['--steps', '1,0,50', /--steps takes percents from 0\.1 to 100/],
    ['--steps', '1,,50', /--steps takes percents/],
    ['--bake', '31d', /--bake is 30d at most/],
    ['--cooldown', '5', /--cooldown is a time such as 10m/],
    ['--approval', 'boss', /--approval is none or second-person/],
  ] as const;
  for (const [option, value, words] of mistakes) {
    const { code, err } = await run(['canary', 'start', 'rain', 'v2', option, value]);
    t.equal(code, 2, `${option} ${value}`);
    t.match(err, words);
    t.notMatch(err, /minSample|bakeMs|cooldownMs/);
  }
  t.match(await run(['canary', 'history', 'rain', '--last', '0']), { code: 2, err: /--last takes a whole number/ });
});
