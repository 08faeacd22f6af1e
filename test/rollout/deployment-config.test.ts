import fc from 'fast-check';
import { test } from 'tap';
import { printExport, printImport } from '../../src/cli/deployment-files.ts';
import { exportDeploymentConfig, importDeploymentConfig } from '../../src/rollout/deployment-config.ts';
import { DeploymentConfigError } from '../../src/rollout/deployment-fields.ts';

const blueGreen = (routing: object, more: object = {}) => ({
  BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: routing, ...more },
});
const percent = (Value: number) => ({ Type: 'CAPACITY_PERCENT', Value });
const imported = (config: unknown) => importDeploymentConfig(JSON.stringify(config));

/** What is wrong, in words. */
function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof DeploymentConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('each way of shifting traffic is a plan', async t => {
  const wait = { WaitIntervalInSeconds: 300 };
  const plans = [
    [blueGreen({ Type: 'ALL_AT_ONCE', ...wait }), [100]],
    [blueGreen({ Type: 'CANARY', ...wait, CanarySize: percent(5) }), [5, 100]],
    [blueGreen({ Type: 'LINEAR', ...wait, LinearStepSize: percent(30) }), [30, 60, 90, 100]],
    [{ RollingUpdatePolicy: { MaximumBatchSize: percent(25), ...wait } }, [25, 50, 75, 100]],
  ] as const;
  for (const [config, steps] of plans) t.same(imported(config).plan, { steps, bakeMs: 300_000 });
  t.same(
    plans.map(([config]) => imported(config).unmapped.map(({ field }) => field)),
    [['BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type'], [], [], []],
    'all at once leaves nothing to compare with',
  );
  t.same(imported({}).plan, { steps: [100], bakeMs: 0 }, 'what SageMaker does without a policy');
  const request = { EndpointName: 'rain', DeploymentConfig: plans[1][0] };
  t.same(imported(request).plan.steps, [5, 100], 'within a request to UpdateEndpoint');
  const described = { EndpointName: 'rain', EndpointStatus: 'InService', LastDeploymentConfig: plans[1][0] };
  t.same(imported(described).plan.steps, [5, 100], 'as DescribeEndpoint answers it');
});

test('a file that is something else is no plan that shifts all calls at once', async t => {
  t.match(
    problemsOf(() => imported({ EndpointName: 'rain', EndpointStatus: 'InService' })),
    [/no DeploymentConfig/],
  );
  t.match(
    problemsOf(() => imported(null)),
    [/never updated/],
    'what `--query LastDeploymentConfig` prints then',
  );
});

test('what a plan cannot say is reported by name', async t => {
  const { unmapped } = imported({
    ...blueGreen(
      { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0, Speed: 1 },
      { TerminationWaitInSeconds: 0, MaximumExecutionTimeoutInSeconds: 600 },
    ),
    AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'errors' }, { AlarmName: 'slow' }] },
    NewPolicy: {},
  });
  t.same(
    unmapped.map(({ field }) => field),
    [
      'NewPolicy',
      'AutoRollbackConfiguration.Alarms[0] (errors)',
      'AutoRollbackConfiguration.Alarms[1] (slow)',
      'BlueGreenUpdatePolicy.TerminationWaitInSeconds',
      'BlueGreenUpdatePolicy.MaximumExecutionTimeoutInSeconds',
      'BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Speed',
      'BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type',
    ],
  );
  const rolling = { MaximumBatchSize: percent(5), WaitIntervalInSeconds: 0, RollbackMaximumBatchSize: percent(50) };
  t.match(imported({ RollingUpdatePolicy: rolling }).unmapped, [
    { field: 'RollingUpdatePolicy.RollbackMaximumBatchSize' },
  ]);
});

test('mistakes are told all at once, with the mend', async t => {
  const routing = 'BlueGreenUpdatePolicy.TrafficRoutingConfiguration';
  const wrong = [
    ['no JSON', [/^it is no JSON/]],
    ['[]', [/no JSON object/]],
    [{ BlueGreenUpdatePolicy: 1 }, [/is no object/, /WaitIntervalInSeconds is missing/, /Type is missing/]],
    [
      blueGreen({ Type: 'CANARY', WaitIntervalInSeconds: 9_999, CanarySize: { Type: 'INSTANCE_COUNT', Value: 1 } }),
      [
        `${routing}.WaitIntervalInSeconds is 9999; write a whole number, 0 to 3600`,
        /CAPACITY_PERCENT: calls are shifted/,
      ],
    ],
    [
      blueGreen({ Type: 'CANARY', WaitIntervalInSeconds: 0, CanarySize: percent(51) }),
      [/CanarySize.Value is 51.*1 to 50/],
    ],
    [blueGreen({ Type: 'LINEAR', WaitIntervalInSeconds: 0, LinearStepSize: percent(9) }), [/is 9; .* 10 to 50/]],
    [blueGreen({ Type: 'CANARY', WaitIntervalInSeconds: 0 }), [/Type is missing/, /Value is missing/]],
    [
      blueGreen({ Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0, CanarySize: percent(5) }),
      [/CanarySize has no effect/],
    ],
    [
      {
        ...blueGreen({ Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 }),
        RollingUpdatePolicy: { MaximumBatchSize: percent(5) },
      },
      [/keep one of the two/, /WaitIntervalInSeconds is missing/],
    ],
  ] as const;
  for (const [config, expected] of wrong) {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    const found = problemsOf(() => importDeploymentConfig(text));
    t.equal(found.length, expected.length, found.join('\n'));
    for (const [index, words] of expected.entries()) t.match(found[index], words);
  }
});

test('plans that SageMaker has no words for are refused, and the rest of a plan is reported', async t => {
  const refused = (steps: Parameters<typeof exportDeploymentConfig>[0]['steps'], bakeMs = 0) =>
    problemsOf(() => exportDeploymentConfig({ steps, bakeMs }));
  t.match(refused([1, 5, 25, 50, 100]), [/steps are 1, 5, 25, 50, 100 %; write one step of at most 50/]);
  t.match(refused([60, 100]), [/at most 50/]);
  t.match(refused([0.5, 100]), [/whole percent/]);
  t.match(refused([10, 50]), [/end at 50 %/]);
  t.match(refused([10, 100], 3_600_001), [/whole seconds/, /an hour at most/]);
  t.match(refused([{ share: 10, bakeMs: 1_000 }, 100], 2_000), [/bake for 1000, 2000 ms/]);
  const plan = { steps: [{ share: 10, minSample: 5 }, 100], bakeMs: 60_000, guards: {}, waves: [] };
  const { config, unmapped } = exportDeploymentConfig(plan);
  t.same(config, blueGreen({ Type: 'CANARY', WaitIntervalInSeconds: 60, CanarySize: percent(10) }));
  t.same(
    unmapped.map(({ field }) => field),
    ['guards', 'waves', 'steps[0].minSample'],
  );
});

const waits = fc.integer({ min: 0, max: 3_600 });
const routings = fc.oneof(
  waits.map(WaitIntervalInSeconds => ({ Type: 'ALL_AT_ONCE', WaitIntervalInSeconds })),
  fc
    .tuple(waits, fc.integer({ min: 1, max: 50 }))
    .map(([WaitIntervalInSeconds, size]) => ({ Type: 'CANARY', WaitIntervalInSeconds, CanarySize: percent(size) })),
  fc // two steps are a canary
    .tuple(waits, fc.integer({ min: 10, max: 49 }))
    .map(([WaitIntervalInSeconds, size]) => ({ Type: 'LINEAR', WaitIntervalInSeconds, LinearStepSize: percent(size) })),
);

test('property: what is imported is exported the same', async t => {
  fc.assert(
    fc.property(routings, routing => {
      const { plan, unmapped } = imported(blueGreen(routing));
      t.equal(unmapped.length, routing.Type === 'ALL_AT_ONCE' ? 1 : 0);
      t.same(exportDeploymentConfig(plan), { config: blueGreen(routing), unmapped: [] });
    }),
    { numRuns: 300 },
  );
});

test('property: any JSON is imported or refused by name', async t => {
  const known = fc.constantFrom(
    'BlueGreenUpdatePolicy',
    'TrafficRoutingConfiguration',
    'RollingUpdatePolicy',
    'AutoRollbackConfiguration',
    'Alarms',
    'Type',
    'CanarySize',
    'Value',
  );
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>('CANARY', 'LINEAR', 'CAPACITY_PERCENT', 10, -1, null, true),
      fc.dictionary(known, tie('tree')),
      fc.array(tie('tree'), { maxLength: 3 }),
    ),
  }));
  fc.assert(fc.property(tree, value => problemsOf(() => imported(value)).every(problem => problem.length > 0)));
  t.pass('held');
});

test('the commands print what can be pasted, and say on the side what was left out', async t => {
  const run = (what: (io: { out(text: string): void; err(text: string): void }) => number) => {
    const printed = { out: '', err: '', code: 0 };
    printed.code = what({ out: text => (printed.out += text), err: text => (printed.err += text) });
    return printed;
  };
  const config = blueGreen(
    { Type: 'LINEAR', WaitIntervalInSeconds: 60, LinearStepSize: percent(25) },
    { TerminationWaitInSeconds: 60 },
  );
  t.match(
    run(io => printImport(JSON.stringify(config), io)),
    {
      out: 'canary:\n  steps: [25, 50, 75, 100]\n  bakeMs: 60000\n',
      err: /^not carried over: BlueGreenUpdatePolicy.TerminationWaitInSeconds: /,
      code: 0,
    },
  );
  t.match(
    run(io => printImport('{', io)),
    { out: '', err: /no JSON/, code: 1 },
  );
  const exported = run(io => printExport({ steps: [25, 50, 75, 100], bakeMs: 60_000 }, io));
  t.same(JSON.parse(exported.out).BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type, 'LINEAR');
  t.match(
    run(io => printExport({ steps: [1, 2, 100], bakeMs: 0 }, io)),
    { out: '', code: 1 },
  );
});
