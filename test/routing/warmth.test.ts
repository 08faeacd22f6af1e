import { test } from 'tap';
import { assumedSetupMs, expectedMs } from '../../src/routing/warmth.ts';
import {
  modelOf,
  requestOf,
  routingBench,
  serverlessTarget,
  targetOf,
  versionOf,
} from '../helpers/routing-fixtures.ts';

const minute = 60_000;
const serverless = serverlessTarget();
const airports = targetOf({ kind: 'sagemaker-multi-model' });

function bench() {
  const made = routingBench();
  const version = versionOf([serverless, airports]);
  const model = made.add(modelOf([version]));
  const estimateFor = (targetModel: string) =>
    made.routing.router
      .route(model, version, requestOf({ fields: { targetModel } }))
      .candidates.find(candidate => candidate.target === airports)?.estimate;
  return { ...made, estimateFor, estimate: () => made.routing.router.estimate(serverless) };
}

test('an instance is always warm', t => {
  const { routing } = bench();
  t.match(routing.router.estimate(targetOf()), { warmth: 1, setupMs: 0 });
  t.end();
});

test('a serverless target that has not answered yet counts as cold and costs an assumed set-up', t => {
  const { estimate } = bench();
  t.match(estimate(), { warmth: 0, setupMs: assumedSetupMs });
  t.equal(expectedMs(estimate()), 300 + assumedSetupMs);
  t.end();
});

test('it is warm after an answer and cools between 5 and 15 idle minutes', t => {
  const { answer, clock, estimate } = bench();
  answer(serverless, 80);
  t.equal(estimate().warmth, 1);
  clock.advance(5 * minute);
  t.equal(estimate().warmth, 1);
  clock.advance(5 * minute);
  t.match(estimate().warmth, 0.5);
  clock.advance(5 * minute);
  t.equal(estimate().warmth, 0);
  t.end();
});

test('growing past what was warm makes the next call probably cold', t => {
  const { answer, states, estimate } = bench();
  answer(serverless, 80);
  states.flying.set(serverless.id, 1);
  t.equal(estimate().warmth, 0.5, 'one worker is known to be warm, and it is busy');
  states.flying.set(serverless.id, 3);
  t.equal(estimate().warmth, 0.25);
  answer(serverless, 80);
  t.equal(estimate().warmth, 1, 'it answered with three others in flight: four are warm');
  t.end();
});

test('a cold start teaches the set-up time and leaves the latency of warm calls alone', t => {
  const { answer, clock, estimate } = bench();
  answer(serverless, 80, 20, 100);
  clock.advance(20 * minute);
  answer(serverless, 2_080);
  const { setupMs, latencyMs, p99Ms } = estimate();
  t.ok(Math.abs(setupMs - 2_000) < 10, `${setupMs}`);
  t.ok(latencyMs < 90 && p99Ms < 90, `${latencyMs} ${p99Ms}`);
  t.end();
});

test('calls that began while it was cold were cold, however close they ended', t => {
  const { answer, clock, estimate } = bench();
  answer(serverless, 80, 20, 100);
  clock.advance(20 * minute);
  answer(serverless, 2_080);
  answer(serverless, 2_090, 1, 5);
  t.ok(estimate().latencyMs < 90, `${estimate().latencyMs}`);
  answer(serverless, 2_100, 1, 3_000);
  t.equal(estimate().latencyMs, 2_100, 'one that began after that was simply slow');
  t.end();
});

test('the very first answer is latency up to the assumption, and set-up beyond it', t => {
  const { answer, estimate } = bench();
  answer(serverless, 2_300);
  t.match(estimate(), { latencyMs: 300, setupMs: 2_000, warmth: 1 });
  t.end();
});

test('a not-ready answer means cold, and neither slow nor failing', t => {
  const { answer, routing, estimate } = bench();
  answer(serverless, 80, 5, 10);
  routing.measure(serverless, 'cold', 60_000, requestOf());
  t.match(estimate(), { warmth: 0, latencyMs: 80, failureShare: 0 });
  t.end();
});

test('each target model of a multi-model endpoint is warm on its own', t => {
  const { routing, estimateFor, clock } = bench();
  routing.measure(airports, 'ok', 40, requestOf({ fields: { targetModel: 'SEA.tar.gz' } }));
  t.equal(estimateFor('SEA.tar.gz')?.warmth, 1);
  t.equal(estimateFor('JFK.tar.gz')?.warmth, 0);
  clock.advance(10 * minute);
  t.equal(estimateFor('SEA.tar.gz')?.warmth, 1, 'containers unload under pressure, not by the clock');
  t.end();
});

test('callers cannot grow the memory of target models without end', t => {
  const { routing, estimateFor } = bench();
  const call = (targetModel: string) => routing.measure(airports, 'ok', 40, requestOf({ fields: { targetModel } }));
  call('often');
  call('once');
  for (let index = 0; index < 1_400; index += 1) {
    call(`model-${index}`);
    if (index === 900) call('often');
  }
  t.equal(estimateFor('often')?.warmth, 1);
  t.equal(estimateFor('once')?.warmth, 0, 'the one that answered longest ago went');
  t.end();
});
