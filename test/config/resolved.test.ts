import { test } from 'tap';
import { minimalConfig } from '../../src/config/reference.ts';
import { edited, loadText, resolvedText, soundConfig, told } from '../helpers/config-texts.ts';

const names = (text: string, model = 'rain') =>
  resolvedText(text)
    .targets.filter(target => target.model === model)
    .map(target => target.name);

test('targets are called by version, region and kind, with a number where that is not enough', async t => {
  t.same(names(soundConfig), ['v1@us-east-1/realtime', 'v1@eu-west-1/realtime']);
  t.same(names(soundConfig, 'drizzle'), ['v1@us-east-1/realtime', 'v1@eu-west-1/serverless']);
  const three = edited('region: eu-west-1, endpoint: rain-v1', 'region: us-east-1, endpoint: rain-b').replace(
    '  drizzle:\n',
    '          - { region: us-east-1, endpoint: rain-c, price: { instance: ml.m5.large } }\n  drizzle:\n',
  );
  t.same(names(three), ['v1@us-east-1/realtime', 'v1@us-east-1/realtime-2', 'v1@us-east-1/realtime-3']);
});

test('callers reach a model by its name and by its aliases', async t => {
  const { names, models } = resolvedText(soundConfig);
  t.same([...models.keys()], ['rain', 'drizzle']);
  t.same([...names.keys()], ['rain', 'rain-prod', 'drizzle']);
  t.equal(names.get('rain-prod'), models.get('rain'));
});

test('a body must fit the model and the kind', async t => {
  const limits = (text: string) => resolvedText(text).targets.map(target => target.maxRequestBytes);
  t.same(limits(soundConfig), [25_000_000, 25_000_000, 25_000_000, 4_194_304]);
  t.same(limits(edited('  drizzle:\n', '  drizzle:\n    maxRequestBytes: 1000\n')).slice(2), [1_000, 1_000]);
});

test('regions have AWS’s public endpoints and the geography of their name unless they say otherwise', async t => {
  const region = (name: string, options = '') =>
    resolvedText(minimalConfig.replaceAll('us-east-1', name).replace(`${name} }`, `${name}: ${options} }`)).regions.get(
      name,
    );
  t.same(region('us-east-1'), {
    name: 'us-east-1',
    residency: 'us',
    sagemakerRuntimeUrl: 'https://runtime.sagemaker.us-east-1.amazonaws.com',
    bedrockRuntimeUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
    stsUrl: 'https://sts.us-east-1.amazonaws.com',
    s3Url: 'https://s3.us-east-1.amazonaws.com',
    bucketIdentity: undefined,
    sagemakerUrl: 'https://api.sagemaker.us-east-1.amazonaws.com',
    eventBridgeUrl: 'https://events.us-east-1.amazonaws.com',
    snsUrl: 'https://sns.us-east-1.amazonaws.com',
    controlIdentity: undefined,
    egressUsdPerGb: 0.02,
  });
  t.match(region('cn-north-1'), { residency: 'cn', stsUrl: 'https://sts.cn-north-1.amazonaws.com.cn' });
  t.match(region('us-gov-west-1'), { residency: 'us-gov', stsUrl: 'https://sts.us-gov-west-1.amazonaws.com' });
  t.match(region('us-iso-east-1'), { residency: 'us-iso', stsUrl: 'https://sts.us-iso-east-1.c2s.ic.gov' });
  t.match(region('ap-southeast-1'), { residency: 'ap' });
  t.match(region('eu-west-1', '{ residency: gdpr, egressUsdPerGb: 0.5, endpoints: { sts: "http://127.0.0.1:1" } }'), {
    residency: 'gdpr',
    egressUsdPerGb: 0.5,
    sagemakerRuntimeUrl: 'https://runtime.sagemaker.eu-west-1.amazonaws.com',
    stsUrl: 'http://127.0.0.1:1',
  });
  t.equal(region('sa-east-1')?.egressUsdPerGb, 0.09, 'an unlisted region is as dear as the dearest, never free');
});

test('a price is the target’s own, else the list’s, else unknown and never zero', async t => {
  const price = (words: string) =>
    resolvedText(minimalConfig.replace('rain-v1', `rain-v1, ${words}`)).targets[0]?.price;
  const listed = { basis: 'instance', usdPerHour: 0.115, count: 1, dataUsdPerGb: 0.016 };
  t.same(price('price: { instance: ml.m5.large }'), listed);
  t.same(price('price: { instance: ml.m5.large, count: 3, usdPerHour: 0.1 }'), {
    ...listed,
    usdPerHour: 0.1,
    count: 3,
  });
  t.same(price('price: { usdPerHour: 0, dataUsdPerGb: 0 }'), { ...listed, usdPerHour: 0, dataUsdPerGb: 0 });
  t.same(price('price: { instance: ml.x9.large }'), { basis: 'unknown' });
  t.same(price('weight: 1'), { basis: 'unknown' });
  t.same(price('kind: sagemaker-serverless, memoryMb: 2048'), {
    basis: 'serverless',
    usdPerGbSecond: 0.00002,
    memoryMb: 2048,
    dataUsdPerGb: 0.016,
  });
  t.match(price('kind: sagemaker-serverless, memoryMb: 2048, price: { usdPerGbSecond: 1 }'), { usdPerGbSecond: 1 });
});

test('Bedrock’s tokens are priced by the profile, its model, or the target', async t => {
  const haiku = 'anthropic.claude-haiku-4-5-20251001-v1:0';
  const target = (modelId: string, more = '') =>
    resolvedText(minimalConfig.replace('endpoint: rain-v1', `kind: bedrock, modelId: '${modelId}'${more}`)).targets[0];
  t.match(target(`us.${haiku}`)?.price, { basis: 'tokens', inputUsdPerMillion: 1.1, cacheReadUsdPerMillion: 0.11 });
  t.match(target(`global.${haiku}`)?.price, { basis: 'tokens', inputUsdPerMillion: 1 });
  const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${haiku}`;
  t.match(target(arn)?.price, { basis: 'tokens', inputUsdPerMillion: 1.1 });
  t.same(target('demo.assistant')?.price, { basis: 'unknown' });
  t.same(target('demo.assistant', ', price: { inputUsdPerMillion: 1 }')?.price, { basis: 'unknown' });
  t.same(target('demo.assistant', ', price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 }')?.price, {
    basis: 'tokens',
    inputUsdPerMillion: 1,
    outputUsdPerMillion: 2,
    cacheReadUsdPerMillion: 1,
    cacheWriteUsdPerMillion: 1,
  });
  t.match(target(`us.${haiku}`), { residency: 'us', endpoint: `us.${haiku}` });
  t.match(target(`global.${haiku}`), { residency: 'global' });
  t.match(target(haiku, ', residency: secret'), { residency: 'secret' });
});

test('a price without its data price is unknown, and the check says which number lacks', async t => {
  const text = minimalConfig
    .replaceAll('us-east-1', 'eu-north-1')
    .replace('rain-v1', 'rain-v1, price: { usdPerHour: 1 }');
  t.same(resolvedText(text).targets[0]?.price, { basis: 'unknown' });
  t.match(
    told(loadText(text), 'warning').join(),
    /data in eu-north-1 is not in the price list: .*; write price.dataUsdPerGb/,
  );
});

test('the nearest credentials sign: the target’s, the region’s, the config’s, the default chain', async t => {
  const text = `credentials: { accessKeyId: all, secretAccessKey: s }
auth: none
regions:
  us-east-1:
  eu-west-1: { credentials: { roleArn: 'arn:aws:iam::222222222222:role/meridian' } }
models:
  rain:
    versions:
      v1:
        targets:
          - { region: us-east-1, endpoint: a }
          - { region: eu-west-1, endpoint: a }
          - { region: eu-west-1, endpoint: b, credentials: default }
`;
  const { targets, identities } = resolvedText(text);
  t.same(
    targets.map(({ identity }) => identities.get(identity)),
    [
      { credentials: { accessKeyId: 'all', secretAccessKey: 's' }, region: 'us-east-1' },
      { credentials: { roleArn: 'arn:aws:iam::222222222222:role/meridian' }, region: 'eu-west-1' },
      { credentials: 'default', region: 'eu-west-1' },
    ],
  );
  t.same(resolvedText(minimalConfig).targets[0]?.identity, 'default@us-east-1');
  const other = resolvedText(text.replace('secretAccessKey: s', 'secretAccessKey: t'));
  t.not(other.targets[0]?.identity, targets[0]?.identity, 'a changed secret is another identity');
  t.equal(other.targets[1]?.identity, targets[1]?.identity, 'what did not change keeps its name');
  t.notMatch([...identities.keys()].join(), /222222222222|all/, 'names tell neither account nor key');
});

test('fallback steps, samples and static answers become bytes', async t => {
  const text = edited(
    'fallback: [stale, { model: drizzle }]',
    'fallback: [stale, { model: drizzle }, { static: { body: "{}" } }]',
  );
  const { models } = resolvedText(text.replace('aliases:', 'sample: { body: x }\n    aliases:'));
  t.same(models.get('rain')?.fallback, [
    { kind: 'stale' },
    { kind: 'model', model: 'drizzle' },
    { kind: 'static', contentType: 'application/json', body: Buffer.from('{}') },
  ]);
  t.same(models.get('rain')?.sample, { contentType: 'application/json', body: Buffer.from('x') });
});

test('a transform has its region’s residency and the price of all its instances; its region’s keys are kept ready', async t => {
  const words = 'transforms: [{ region: us-east-1, modelName: rain-v1, instance: ml.m5.large, count: 2 }]';
  const text = minimalConfig.replace('{ targets:', `{ ${words}, targets:`);
  const config = `jobs: { buckets: { us-east-1: abc } }\n${text}`;
  const { models, regions, identities } = resolvedText(config);
  t.match(models.get('rain')?.versions[0]?.transforms, [
    { region: 'us-east-1', residency: 'us', modelName: 'rain-v1', count: 2, usdPerHour: 0.23, maxPayloadMb: 6 },
  ]);
  const identity = regions.get('us-east-1')?.controlIdentity;
  t.ok(identity !== undefined && identities.has(identity));
  const price = (more: string) =>
    resolvedText(config.replace('count: 2', more)).models.get('rain')?.versions[0]?.transforms?.[0]?.usdPerHour;
  t.equal(price('count: 3, usdPerHour: 1'), 3);
  t.equal(
    resolvedText(config.replace('ml.m5.large, count', 'ml.x9.large, count')).models.get('rain')?.versions[0]
      ?.transforms?.[0]?.usdPerHour,
    undefined,
  );
});
