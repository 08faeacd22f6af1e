import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { parse } from 'yaml';
import { containers } from '../../sim/models/containers.ts';
import { eventually } from '../helpers/eventually.ts';
import { simpleModel, startTestGateway } from '../helpers/gateway.ts';

const root = join(import.meta.dirname, '../..');
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

/** The curl commands of a page: path, headers and body of each. */
function curls(page: string) {
  return [...page.matchAll(/^curl -s http:\/\/127\.0\.0\.1:8080(\S+)((?:.*\\\n)*.*)/gm)].map(
    ([, path = '', rest = '']) => ({
      path,
      headers: Object.fromEntries(
        [...rest.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [name, value]),
      ),
      body: /-d '([^']+)'/.exec(rest)?.[1] ?? '',
    }),
  );
}

test('the page’s calls work against the demo, whose baselines have what its calls bring', async t => {
  const monitor = parse(textOf('config/demo.yaml')).models.rain.monitor;
  const beside = Object.entries(monitor.baselines as Record<string, string>).map(([version, path]) => [
    version,
    join(root, path),
  ]);
  const { v1 } = Object.fromEntries(beside);
  const models = { rain: simpleModel(['us-east-1'], { monitor: { ...monitor, baselines: { v1 } } }) };
  const gateway = await startTestGateway(t, { models }, { simulator: { containers } });
  const [ask, tell] = curls(textOf('docs/drift.md'));
  const post = (call = { path: '', headers: {}, body: '' }) =>
    fetch(gateway.urls.data + call.path, { method: 'POST', headers: call.headers, body: call.body });
  const answer = await post(ask);
  t.match(await answer.json(), { predictions: [{ rain: Number }] });
  let told: unknown;
  await eventually(t, 'joined', async () => {
    told = await (await post(tell)).json();
    return (told as { result: string }).result === 'joined';
  });
  t.strictSame(told, { inferenceId: 'day-1', result: 'joined' });
  const [v] = gateway.app.drift.watched();
  t.equal(v?.whole.monitor?.baseline.baseline.records, 1_460);
  t.equal(gateway.app.drift.counted.all().find(({ labels }) => labels['result'] === 'read')?.value, 1);
});
