import fc from 'fast-check';
import { test } from 'tap';
import { classify, type FailedAnswer } from '../../src/backends/classify.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { outcomes } from '../../src/core/outcome.ts';

function failed(status: number, type: string | undefined, body: unknown, more: Partial<FailedAnswer> = {}) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const headers = type === undefined ? {} : { 'x-amzn-errortype': type };
  return classify({
    service: 'sagemaker',
    status,
    headers,
    body: bytes,
    endpoint: 'rain-prod',
    model: 'rain',
    callerNamed: false,
    ...more,
  });
}

const account = '123456789012';

const table: readonly (readonly [Outcome, number, string | undefined, unknown])[] = [
  ['throttled', 400, 'ThrottlingException', { message: null }],
  ['throttled', 400, 'ThrottlingException:http://internal.amazon.com/coral/', {}],
  ['throttled', 400, 'com.amazon.coral.availability#ThrottlingException', {}],
  ['throttled', 400, undefined, { __type: 'com.amazon.coral.availability#ThrottlingException' }],
  ['throttled', 503, 'SlowDown', {}],
  ['throttled', 403, 'RequestLimitExceeded', {}],
  ['throttled', 429, undefined, ''],
  ['cold', 429, 'ModelNotReadyException', { Message: 'not ready' }],
  ['backend-fault', 500, 'InternalFailure', {}],
  ['backend-fault', 503, 'ServiceUnavailable', {}],
  ['backend-fault', 530, 'InternalDependencyException', {}],
  ['backend-fault', 503, undefined, '<html><body>503 Service Unavailable</body></html>'],
  ['backend-fault', 500, 'SomethingNew', {}],
  ['backend-fault', 502, undefined, ''],
  ['caller-fault', 424, 'ModelError', { Message: 'm', OriginalStatusCode: 400 }],
  ['caller-fault', 424, 'ModelError', { Message: 'm', OriginalStatusCode: '499' }],
  ['caller-fault', 424, 'ModelError', { Message: 'Received client error (415) from primary with message "m".' }],
  ['throttled', 424, 'ModelError', { Message: 'Model is overloaded', OriginalStatusCode: 429 }],
  ['throttled', 424, 'ModelErrorException', { message: 'busy', originalStatusCode: 429 }],
  ['timeout', 424, 'ModelError', { Message: 'm', OriginalStatusCode: 408 }],
  ['backend-fault', 424, 'ModelError', { Message: 'm', OriginalStatusCode: 500 }],
  ['backend-fault', 424, 'ModelError', { Message: 'm', OriginalStatusCode: 0 }],
  ['backend-fault', 424, 'ModelError', { Message: 'Received server error (0) from primary with message "timed out"' }],
  ['backend-fault', 424, 'ModelError', 'not json'],
  ['misconfigured', 403, 'AccessDeniedException', {}],
  ['misconfigured', 403, 'ExpiredTokenException', {}],
  ['misconfigured', 403, 'UnrecognizedClientException', {}],
  ['misconfigured', 403, 'InvalidSignatureException', {}],
  ['misconfigured', 400, 'IncompleteSignature', {}],
  ['misconfigured', 403, 'NeverSeenBefore', {}],
  ['misconfigured', 403, undefined, '<html>Forbidden</html>'],
  ['misconfigured', 401, undefined, ''],
  ['misconfigured', 400, 'ValidationError', { message: `Endpoint rain-prod of account ${account} not found.` }],
  [
    'misconfigured',
    400,
    'ValidationError',
    { message: `Variant v9 of endpoint rain-prod of account ${account} not found.` },
  ],
  ['misconfigured', 400, 'ValidationError', { message: `Inference Component c of account ${account} not found.` }],
  ['misconfigured', 404, 'UnknownOperationException', {}],
  ['misconfigured', 404, undefined, 'nginx'],
  ['misconfigured', 301, undefined, ''],
  ['caller-fault', 400, 'ValidationError', { message: 'Request has oversize body.' }],
  ['caller-fault', 413, undefined, '<html>too large</html>'],
  ['caller-fault', 415, 'SomethingNew', {}],
  ['timeout', 408, undefined, ''],
];

test('every error type and status has its outcome', async t => {
  for (const [outcome, status, type, body] of table)
    t.equal(failed(status, type, body).outcome, outcome, `${status} ${type} ${JSON.stringify(body)}`);
});

test('names that a type could inherit mean nothing', async t => {
  for (const type of ['constructor', '__proto__', 'toString']) t.equal(failed(500, type, {}).outcome, 'backend-fault');
});

test('what the caller named and is not there is the caller’s fault, unlike an endpoint', async t => {
  const variant = { message: `Variant v9 of endpoint rain-prod of account ${account} not found.` };
  const model = {
    message: 'Failed to download model data(bucket: weights, key: m/x.tar.gz). Please ensure that there is an object.',
  };
  for (const body of [variant, model]) {
    t.equal(failed(400, 'ValidationError', body).outcome, 'misconfigured');
    t.equal(failed(400, 'ValidationError', body, { callerNamed: true }).outcome, 'caller-fault');
  }
  const gone = { message: `Endpoint rain-prod of account ${account} not found.` };
  t.equal(failed(400, 'ValidationError', gone, { callerNamed: true }).outcome, 'misconfigured');
  const oddName = { endpoint: 'rain-variant', callerNamed: true };
  const oddGone = { message: `Endpoint rain-variant of account ${account} not found.` };
  t.equal(failed(400, 'ValidationError', oddGone, oddName).outcome, 'misconfigured');
});

test('a fault of the gateway’s own says in the log what to mend, and nothing to the caller', async t => {
  for (const [outcome, status, type, body] of table) {
    const result = failed(status, type, body);
    t.equal(result.answer !== undefined, outcome === 'caller-fault', `${status} ${type}`);
    if (outcome === 'misconfigured') t.match(result.error.message, /; (allow|check|name) /);
  }
});

test('a model’s own error reaches the caller, without account, log or endpoint', async t => {
  const body = {
    ErrorCode: 'CLIENT_ERROR_FROM_MODEL',
    Message: `Received client error (400) from primary with message "{"error":"bad row 7"}". See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/rain-prod in account ${account} for more information.`,
    OriginalStatusCode: 400,
    OriginalMessage: '{"error":"bad row 7"}',
    LogStreamArn: `arn:aws:logs:us-east-1:${account}:log-group:/aws/sagemaker/Endpoints/rain-prod`,
  };
  const { answer } = failed(424, 'ModelError', body);
  t.match(answer, { status: 424, headers: { 'content-type': 'application/json', 'x-amzn-errortype': 'ModelError' } });
  t.strictSame(JSON.parse(String(answer?.body)), {
    ErrorCode: 'CLIENT_ERROR_FROM_MODEL',
    Message: 'Received client error (400) from primary with message "{"error":"bad row 7"}".',
    OriginalMessage: '{"error":"bad row 7"}',
    OriginalStatusCode: 400,
  });
});

test('a validation error reaches the caller without secrets, and an HTML one as JSON', async t => {
  const message = `Endpoint rain-prod (arn:aws:sagemaker:us-east-1:${account}:endpoint/rain-prod) of account ${account} refuses ${account}; see https://runtime.sagemaker.us-east-1.amazonaws.com/x and s3://weights/secret`;
  const { answer } = failed(400, 'ValidationError', { message });
  t.notMatch(String(answer?.body), /\d{12}|arn:|rain-prod|amazonaws|s3:\/\//);
  t.match(String(answer?.body), /Endpoint rain /);
  const html = failed(413, undefined, '<html>secret host ip-10-0-0-1</html>').answer;
  t.strictSame(JSON.parse(String(html?.body)), { message: 'The request was refused (HTTP 413).' });
  t.equal(html?.headers['x-amzn-errortype'], 'ValidationError');
});

test('when to come back is read in seconds, as a date and in milliseconds, and bounded', async t => {
  const after = (headers: Record<string, string>) =>
    classify({ ...base, headers: { ...headers, 'x-amzn-errortype': 'ThrottlingException' } }).error.retryAfterMs;
  const base: FailedAnswer = {
    service: 'sagemaker',
    status: 400,
    headers: {},
    body: Buffer.from('{"message":null}'),
    endpoint: 'e',
    model: 'm',
    callerNamed: false,
  };
  t.equal(after({ 'retry-after': '7' }), 7_000);
  t.equal(after({ 'retry-after': '0' }), 0);
  t.equal(after({ date: 'Mon, 20 Oct 2025 06:48:00 GMT', 'retry-after': 'Mon, 20 Oct 2025 06:48:30 GMT' }), 30_000);
  t.equal(after({ 'x-amz-retry-after': '1500', 'retry-after': '7' }), 1_500);
  t.equal(after({ 'retry-after': '99999999' }), 3_600_000);
  for (const nonsense of ['', 'soon', '-5', '1e3'])
    t.equal(after({ 'retry-after': nonsense }), undefined, `"${nonsense}"`);
  t.equal(after({ date: 'Mon, 20 Oct 2025 06:48:30 GMT', 'retry-after': 'Mon, 20 Oct 2025 06:48:00 GMT' }), undefined);
});

test('only refusals that time can explain ask for the region’s clock', async t => {
  t.equal(failed(403, 'InvalidSignatureException', { message: 'Signature expired: 20251020T064800Z' }).aboutTime, true);
  t.equal(failed(403, 'RequestTimeTooSkewed', {}).aboutTime, true);
  t.equal(failed(403, 'SomethingNew', { message: 'Signature not yet current' }).aboutTime, true);
  t.equal(failed(403, 'AccessDeniedException', { message: 'no' }).aboutTime, false);
  t.equal(failed(400, 'ValidationError', { message: 'no' }).aboutTime, false);
});

test('no answer makes it throw, and every failure has an outcome other than ok', async t => {
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
    fc.json().map(text => Buffer.from(text)),
    fc
      .record({
        message: fc.anything(),
        Message: fc.anything(),
        code: fc.anything(),
        OriginalStatusCode: fc.anything(),
      })
      .map(fields => Buffer.from(JSON.stringify(fields, (_key, value) => (typeof value === 'bigint' ? 1 : value)))),
  );
  const anyHeaders = fc.record({
    'x-amzn-errortype': fc.option(fc.oneof(fc.string(), fc.constantFrom('ModelError', 'ValidationError')), {
      nil: undefined,
    }),
    'retry-after': fc.option(fc.oneof(fc.string(), fc.array(fc.string())), { nil: undefined }),
    'x-amz-retry-after': fc.option(fc.string(), { nil: undefined }),
    date: fc.option(fc.string(), { nil: undefined }),
  });
  const property = fc.property(
    anyBody,
    anyHeaders,
    fc.integer({ min: 300, max: 599 }),
    fc.boolean(),
    (body, headers, status, callerNamed) => {
      const { outcome } = classify({
        service: 'sagemaker',
        status,
        headers,
        body,
        endpoint: 'rain-prod',
        model: 'rain',
        callerNamed,
      });
      return outcomes.includes(outcome) && outcome !== 'ok' && outcome !== 'cancelled';
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2_000, seed: 7 }));
});

test('a container’s words are passed on only as text, however deep it nests them', async t => {
  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const body = Buffer.from(`{"Message":"m","OriginalMessage":${nested},"OriginalStatusCode":400}`);
  const headers = { 'x-amzn-errortype': 'ModelError' };
  const failed: FailedAnswer = {
    service: 'sagemaker',
    status: 424,
    headers,
    body,
    endpoint: 'e',
    model: 'rain',
    callerNamed: false,
  };
  t.same(JSON.parse(String(classify(failed).answer?.body)), { Message: 'm', OriginalStatusCode: 400 });
});

test('a text that repeats megabytes of what a caller sent is cleaned in time that grows with its length only', t => {
  // Quadratic patterns would take hours here, and the test would run out of time.
  for (const piece of [' ', '(bucket: ', 'https://', 'See https://', 's3://', 'account ', 'endpoint ', 'variant ']) {
    const text = piece.repeat(1_000_000 / piece.length);
    const byModel = failed(424, 'ModelError', { Message: `${text} arn:aws:x:1`, OriginalStatusCode: 400 });
    t.equal(byModel.outcome, 'caller-fault', piece);
    t.notMatch(byModel.answer?.refusal?.message, 'arn:aws');
    t.equal(failed(400, 'ValidationError', { message: text }).outcome, 'caller-fault', piece);
  }
  t.end();
});

test('what a caller writes into a body cannot make a target of Bedrock seem misconfigured', t => {
  const bedrock = (message: string) =>
    failed(400, 'ValidationException', { message }, { service: 'bedrock', endpoint: 'us.demo.m-v1:0' }).outcome;
  const echoed = (key: string) =>
    `Malformed input request: #: extraneous key [${key}] is not permitted, please reformat your input and try again.`;
  for (const key of [
    'The provided model identifier is invalid.',
    'endpoint not found',
    'inference component does not exist',
    'x with on-demand throughput isn’t supported',
  ])
    t.equal(bedrock(echoed(key)), 'caller-fault', key);
  t.equal(bedrock('The provided model identifier is invalid.'), 'misconfigured');
  t.equal(
    bedrock('Invocation of model ID us.demo.m-v1:0 with on-demand throughput isn’t supported. Retry your request'),
    'misconfigured',
  );
  t.end();
});
