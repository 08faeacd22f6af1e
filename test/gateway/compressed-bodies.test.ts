import { gzipSync } from 'node:zlib';
import { test } from 'tap';
import { startTestGateway, targetsIn } from '../helpers/gateway.ts';

const regions = ['us-east-1'];
const bedrock = { kind: 'bedrock', region: 'us-east-1', modelId: 'us.demo.assistant-v1:0' };
const tensors = {
  inputs: [{ name: 'x', datatype: 'FP64', shape: [-1] }],
  outputs: [{ name: 'rain', datatype: 'FP64', shape: [-1] }],
};
const models = {
  assistant: { versions: { v1: { targets: [bedrock] } } },
  rain: { tensors, versions: { v1: { targets: targetsIn(regions) } } },
};

test('a compressed body that would have to be read is refused with what to do', async t => {
  const { urls } = await startTestGateway(t, { models });
  const post = (path: string, body: string, encoding: string) =>
    fetch(urls.data + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      body: encoding === 'gzip' ? gzipSync(body) : body,
    });
  const chat = '{"model":"assistant","messages":[{"role":"user","content":"hello"}]}';
  const infer = '{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[1]}]}';
  for (const [path, body] of [
    ['/v1/chat/completions', chat],
    ['/v2/models/rain/infer', infer],
  ] as const) {
    const answer = await post(path, body, 'gzip');
    t.equal(answer.status, 400, path);
    t.match(await answer.text(), /compressed \(content-encoding\): send it as it is/);
  }
  t.equal((await post('/v1/chat/completions', chat, 'identity')).status, 200, 'that encoding is none');
});
