import { test } from 'tap';
import { limitsOf, oneRegion, requestOf, targetOf, testBackends } from '../helpers/backend-fixtures.ts';
import { startTestSimulator } from '../helpers/simulator.ts';
import { startUpstream } from '../helpers/upstream.ts';

const serverless = targetOf({ kind: 'sagemaker-serverless', endpoint: 'rain-serverless', maxRequestBytes: 4_194_304 });
const multiModel = targetOf({ kind: 'sagemaker-multi-model', endpoint: 'flight-delay' });

test('a serverless target answers, cold starts included', async t => {
  const simulator = await startTestSimulator(t);
  const { backends } = testBackends(t, { regions: oneRegion(simulator.url('us-east-1')) });
  const backend = backends.backends['sagemaker-serverless'];
  t.match(await backend.invoke(serverless, requestOf('x'), limitsOf()), { outcome: 'ok' });
});

test('a serverless target that cannot be set up is cold, not ill', async t => {
  const upstream = await startUpstream(t, response => {
    response.writeHead(429, { 'x-amzn-errortype': 'ModelNotReadyException' });
    response.end('{"Message":"resources are being provisioned"}');
  });
  const { backends } = testBackends(t, { regions: oneRegion(upstream.url) });
  for (const kind of ['sagemaker-serverless', 'sagemaker-multi-model', 'sagemaker-realtime'] as const) {
    const target = { ...serverless, kind, targetModel: 'a.tar.gz' };
    t.match(await backends.backends[kind].invoke(target, requestOf('x'), limitsOf()), { outcome: 'cold' }, kind);
  }
});

test('a body too large for serverless is not sent', async t => {
  const upstream = await startUpstream(t, response => response.end());
  const { backends } = testBackends(t, { regions: oneRegion(upstream.url) });
  const backend = backends.backends['sagemaker-serverless'];
  const large = { ...requestOf(''), body: Buffer.alloc(4_194_305) };
  t.match(await backend.invoke(serverless, large, limitsOf()), {
    outcome: 'caller-fault',
    sent: false,
    answer: { status: 413, headers: { 'x-amzn-errortype': 'ValidationError' } },
  });
  t.equal(upstream.seen.length, 0);
  const fits = { ...requestOf(''), body: Buffer.alloc(4_194_304) };
  t.match(await backend.invoke(serverless, fits, limitsOf()), { outcome: 'ok' });
});

test('a multi-model target serves the model it is fixed to, or the one the caller names', async t => {
  const simulator = await startTestSimulator(t);
  const { backends } = testBackends(t, { regions: oneRegion(simulator.url('us-east-1')) });
  const backend = backends.backends['sagemaker-multi-model'];
  const fixed = { ...multiModel, targetModel: 'SEA.tar.gz' };
  t.match(await backend.invoke(fixed, requestOf('x'), limitsOf()), { outcome: 'ok' });
  const named = requestOf('x', { fields: { targetModel: 'SEA.tar.gz' } });
  t.match(await backend.invoke(multiModel, named, limitsOf()), { outcome: 'ok' });
});

test('a multi-model call that names no model is the caller’s fault and not sent', async t => {
  const upstream = await startUpstream(t, response => response.end());
  const { backends } = testBackends(t, { regions: oneRegion(upstream.url) });
  const result = await backends.backends['sagemaker-multi-model'].invoke(multiModel, requestOf('x'), limitsOf());
  t.match(result, { outcome: 'caller-fault', sent: false, answer: { status: 400 } });
  t.match(String(result.answer?.body), /Target-Model/);
  t.equal(upstream.seen.length, 0);
});
