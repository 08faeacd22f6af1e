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
  const model = modelOf([]);
  t.strictSame(sizes.expected(model, 'v1'), { requestBytes: 0, answerBytes: 0 });
  sizes.observe(targetOf(), 1_000, 100);
  sizes.observe(targetOf({ region: 'us-east-1' }), 1_000, 200);
  t.match(sizes.expected(model, 'v1'), { requestBytes: 1_000, answerBytes: 110 });
  t.strictSame(sizes.expected(model, 'v2'), { requestBytes: 0, answerBytes: 0 });
  t.end();
});
