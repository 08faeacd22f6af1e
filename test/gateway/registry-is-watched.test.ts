import { test } from 'tap';
import { containers } from '../../sim/models/containers.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';
import { putSummer } from '../helpers/season.ts';

const bucket = 'meridian-jobs-us-west-2';

test('what a finished run brought is found in the registry, where no event tells of it', async t => {
  const retrain = {
    pollSeconds: 0.05,
    actions: [
      {
        kind: 'pipeline',
        pipeline: 'rain-retrain',
        region: 'us-west-2',
        parameters: { CaptureUri: `s3://${bucket}/capture/rain/`, TruthUri: `s3://${bucket}/truth/rain/` },
      },
    ],
  };
  const newVersions = { packageGroup: 'rain', endpoint: 'rain-r{number}', canary: false };
  const models = { rain: simpleModel(['us-west-2', 'eu-west-1'], { retrain, newVersions }) };
  const gateway = await startTestGateway(t, { models }, { simulator: { containers } });
  putSummer(gateway.simulator.objects('us-west-2'), bucket, 200);
  const trigger = await fetch(`${gateway.urls.admin}/admin/episodes/trigger`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'rain', reason: 'test' }),
  });
  t.equal(trigger.status, 200);
  const versions = () =>
    gateway.app.parts
      .config()
      .models.get('rain')
      ?.versions.map(({ name }) => name);
  await eventually(t, 'the version is registered', () => versions()?.includes('r1') ?? false);
  const { episodes } = (await (await fetch(`${gateway.urls.admin}/admin/episodes`)).json()) as {
    episodes: { id: string }[];
  };
  await eventually(t, 'the episode knows it', async () => {
    const story = await (await fetch(`${gateway.urls.admin}/admin/episodes/${episodes[0]?.id}`)).text();
    return story.includes('"r1"');
  });
  const answer = await fetch(`${gateway.urls.admin}/admin/versions`);
  t.match(await answer.json(), {
    versions: [{ version: 'r1', by: /^episode /, packageArn: /model-package\/rain\/1$/ }],
  });
});
