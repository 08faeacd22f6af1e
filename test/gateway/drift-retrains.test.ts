import { test } from 'tap';
import { containers } from '../../sim/models/containers.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway, type TestGateway } from '../helpers/gateway.ts';

const retrain = {
  windows: { drifted: 2, of: 3, clear: 1 },
  pollSeconds: 0.05,
  actions: [
    {
      kind: 'pipeline',
      pipeline: 'rain-retrain',
      region: 'us-east-1',
      otherRegions: ['us-west-2'],
      parameters: { Episode: '{episode}' },
    },
    { kind: 'event', region: 'us-east-1' },
  ],
};

function drift({ app }: TestGateway, windows: number): void {
  for (let window = 0; window < windows; window += 1)
    app.parts.emit({
      type: 'drift-judged',
      model: 'rain',
      version: 'v1',
      monitor: 'prediction',
      feature: undefined,
      statistic: 'psi',
      value: 0.4,
      level: 'drifted',
      sample: 2_000,
      windowEndsAt: window,
    });
}

interface Story {
  readonly id: string;
  readonly state: string;
  readonly pipeline: { readonly arn: string; readonly status: string; readonly region: string } | null;
  readonly timeline: readonly { readonly what: string; readonly detail: string }[];
}

async function story({ urls }: TestGateway): Promise<Story | undefined> {
  const get = async (path: string) => (await fetch(urls.admin + path)).json() as Promise<unknown>;
  const { episodes } = (await get('/admin/episodes')) as { episodes: { id: string }[] };
  return episodes[0] && ((await get(`/admin/episodes/${episodes[0].id}`)) as Story);
}

test('drifted windows start the stand-in’s pipeline and put an event on its bus; the run is followed', async t => {
  const gateway = await startTestGateway(
    t,
    { models: { rain: simpleModel(['us-east-1'], { monitor: {}, retrain }) } },
    { simulator: { containers } },
  );
  drift(gateway, 2);
  await eventually(t, 'the run has ended', async () => {
    const status = (await story(gateway))?.pipeline?.status;
    return status === 'Failed' || status === 'Succeeded';
  });
  const { pipeline, timeline = [] } = (await story(gateway)) ?? {};
  t.match(pipeline?.arn, /^arn:aws:sagemaker:us-east-1:\d{12}:pipeline\/rain-retrain\/execution\//);
  t.match(timeline.map(({ what }) => what).slice(0, 5), [
    'suspected',
    'confirmed',
    'retraining',
    'action done',
    'action done',
  ]);
  const text = await (await fetch(`${gateway.urls.admin}/metrics`)).text();
  t.match(text, 'meridian_retrain_actions_total{model="rain",action="event",result="done"} 1');
  t.match(text, 'meridian_retrainings_left{model="rain"} 1');
});

test('with the home region’s control plane away it is started in another region', async t => {
  const gateway = await startTestGateway(t, {
    models: {
      rain: simpleModel(['us-east-1'], { monitor: {}, retrain: { ...retrain, actions: retrain.actions.slice(0, 1) } }),
    },
  });
  await gateway.simulator.faults.add({ region: 'us-east-1', kind: 'control-error', errorType: 'ServiceUnavailable' });
  drift(gateway, 2);
  await eventually(t, 'it runs in us-west-2', async () => (await story(gateway))?.pipeline?.region === 'us-west-2');
});
