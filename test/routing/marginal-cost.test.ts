import { test } from 'tap';
import { createCallSizes, marginalUsd } from '../../src/routing/cost.ts';
import { modelOf, serverlessTarget, targetOf } from '../helpers/routing-fixtures.ts';

const gb = 2 ** 30;

test('an always-on instance with room costs the bytes moved, not its hour', t => {
  const call = { requestBytes: gb, answerBytes: gb, servingMs: 60_000 };
  t.match(marginalUsd(targetOf(), call), 0.032);
  t.equal(marginalUsd(targetOf({ price: { basis: 'instance', usdPerHour: 99, count: 9, dataUsdPerGb: 0 } }), call), 0);
  t.end();
});

test('bytes that leave the region cost egress on top', t => {
  const call = { requestBytes: 5 * gb, answerBytes: gb, servingMs: 0 };
  const price = { basis: 'instance', usdPerHour: 1, count: 1, dataUsdPerGb: 0 } as const;
  t.equal(marginalUsd(targetOf({ price, egressUsdPerGb: 0.09 }), call), 0.09, 'only the answer leaves it');
  t.end();
});

test('serverless costs its memory for as long as it serves', t => {
  t.match(marginalUsd(serverlessTarget(), { requestBytes: 0, answerBytes: 0, servingMs: 500 }), 2 * 0.5 * 0.00002);
  t.end();
});

test('an unknown price is not zero', t => {
  const target = targetOf({ price: { basis: 'unknown' } });
  t.equal(marginalUsd(target, { requestBytes: 0, answerBytes: 0, servingMs: 0 }), undefined);
  t.end();
});

test('sizes are learned per version, over all its targets', t => {
  const sizes = createCallSizes();
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const unseen = { requestBytes: 0, answerBytes: 0, usage };
  const model = modelOf([]);
  t.strictSame(sizes.expected(model, 'v1'), unseen);
  sizes.observe(targetOf(), 1_000, 100);
  sizes.observe(targetOf({ region: 'us-east-1' }), 1_000, 200);
  t.match(sizes.expected(model, 'v1'), { requestBytes: 1_000, answerBytes: 110 });
  t.strictSame(sizes.expected(model, 'v2'), unseen);
  t.end();
});

test('tokens cost what they are, by kind; without counts a call adds nothing', t => {
  const price = {
    basis: 'tokens',
    inputUsdPerMillion: 1,
    outputUsdPerMillion: 5,
    cacheReadUsdPerMillion: 0.1,
    cacheWriteUsdPerMillion: 1.25,
  } as const;
  const target = targetOf({ kind: 'bedrock', price });
  const moved = { requestBytes: 1_000, answerBytes: 1_000, servingMs: 9_000 };
  const usage = { inputTokens: 1e6, outputTokens: 2e6, cacheReadTokens: 3e6, cacheWriteTokens: 4e6 };
  t.equal(marginalUsd(target, { ...moved, usage })?.toFixed(9), (1 + 10 + 0.3 + 5).toFixed(9));
  t.equal(marginalUsd(target, moved), 0);
  const sizes = createCallSizes();
  sizes.observe(target, 10, 10, usage);
  sizes.observe(target, 10, 10);
  sizes.observe(target, 10, 10, { ...usage, outputTokens: 3e6 });
  t.equal(sizes.expected(modelOf([]), 'v1').usage.outputTokens, 2.1e6, 'learned from calls that count');
  t.end();
});
