import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { runCommand } from '../helpers/command.ts';
import { loadText } from '../helpers/config-texts.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const run = (...args: string[]) => runCommand(args);

const guardrail = {
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: {
      Type: 'CANARY',
      WaitIntervalInSeconds: 600,
      CanarySize: { Type: 'CAPACITY_PERCENT', Value: 10 },
    },
    TerminationWaitInSeconds: 300,
  },
};

test('a guardrail is imported as the plan of a config, and exported again', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'meridian-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'rain.json');
  writeFileSync(file, JSON.stringify(guardrail));
  const imported = await run('canary', 'import', file);
  t.match(imported, { code: 0, err: /^not carried over: BlueGreenUpdatePolicy.TerminationWaitInSeconds: .*\n$/ });
  const model = imported.out.replaceAll(/^(?=.)/gm, '    ');
  const config = `auth: none\nregions: { us-east-1: }\nmodels:\n  rain:\n${model}    versions: { v1: { targets: [{ region: us-east-1, endpoint: rain }] } }\n`;
  t.ok(loadText(config).ok, config);

  const canary = { steps: [10, 100], bakeMs: 600_000 };
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1'], { canary }) } });
  const exported = await run('canary', 'export', 'rain', '--admin', gateway.urls.admin);
  const { TrafficRoutingConfiguration } = guardrail.BlueGreenUpdatePolicy;
  t.same(JSON.parse(exported.out), { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration } });
  t.match(exported.err, /^not carried over: guards: /m);
});

test('what cannot be done is said', async t => {
  t.match(await run('canary', 'import'), { code: 2, err: /^Name a file/ });
  t.match(await run('canary', 'import', '/nowhere/at/all'), { code: 2, err: /cannot be read/ });
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']) } });
  const exported = (...args: string[]) => run('canary', 'export', ...args, '--admin', gateway.urls.admin);
  t.match(await exported(), { code: 2, err: /^Name the model/ });
  t.match(await exported('snow'), { code: 2, err: /^No model snow: there are rain./ });
  t.match(await exported('rain'), { code: 1, out: '', err: /^steps are 1, 5, 25, 50, 100 %; write one step/ });
});
