import { test } from 'tap';
import { simpleModel, startTestGateway, targetsIn } from '../helpers/gateway.ts';

test('explain tells which targets a streamed call can reach, as the call then finds', async t => {
  const many = {
    versions: {
      v1: {
        targets: targetsIn(['us-east-1'], 'flight-delay', { kind: 'sagemaker-multi-model', targetModel: 'SEA.tar.gz' }),
      },
    },
  };
  const gateway = await startTestGateway(t, { models: { rain: simpleModel(['us-east-1']), many } });
  const excluded = async (model: string, stream: string) => {
    const answer = await fetch(`${gateway.urls.admin}/admin/explain?model=${model}${stream}`);
    const told = (await answer.json()) as { versions: { targets: { excluded: string | null }[] }[] };
    return told.versions[0]?.targets[0]?.excluded;
  };
  t.same([await excluded('rain', '&stream=true'), await excluded('many', '')], [null, null]);
  t.equal(await excluded('many', '&stream=true'), 'no-streaming');
  const refused = await fetch(`${gateway.urls.data}/endpoints/many/invocations-response-stream`, { method: 'POST' });
  t.match([refused.status, await refused.text()], [400, /does not stream: ask for a whole answer/]);
  const whole = await gateway.call('many', { headers: { accept: 'application/json, text/event-stream' } });
  t.same([whole.status, whole.text], [200, 'hello'], 'who could read a stream takes a whole answer too');
});
