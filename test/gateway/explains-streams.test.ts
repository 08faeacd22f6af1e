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
  const refused = await gateway.call('many', { headers: { accept: 'text/event-stream' } });
  t.match([refused.status, JSON.parse(refused.text).error.message], [400, /does not stream: ask for a whole answer/]);
});
