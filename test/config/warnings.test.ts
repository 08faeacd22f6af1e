import { test } from 'tap';
import { edited, loadText, soundConfig, told } from '../helpers/config-texts.ts';

const key = (rest: string) => `auth: { keys: [{ id: app, tenant: app, sha256: ${'a'.repeat(64)}, ${rest} }] }`;

// What is doubtful, the config, and the warnings told. All of these load.
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'an unpriced target',
    edited('endpoint: rain-v1, price: { instance: ml.m5.large }', 'endpoint: rain-v1'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].price: the price is unknown: cost policies place it last; write price.instance, or price.usdPerHour',
    ],
  ],
  [
    'jobs with fewer regions than copies, and a webhook in the open',
    edited(
      'auth: none',
      "auth: none\njobs: { buckets: { us-east-1: abc }, webhooks: [{ url: 'http://h/', secret: 0123456789abcdef }] }",
    ).replace('region: us-east-1, endpoint: drizzle,', 'kind: sagemaker-async, region: us-east-1, endpoint: drizzle,'),
    [
      'c.yaml:2: jobs.webhooks[0].url: ends of jobs leave this machine unencrypted; write https://',
      'c.yaml:16: models.drizzle.versions: jobs of drizzle are stored in 1 regions, fewer than jobs.inputCopies, 2; add targets and buckets in other regions, or lower inputCopies',
    ],
  ],
  [
    'a share for a shadow that is not named, and a shadow that gets every call',
    edited('aliases: [rain-prod]', 'shadow: { share: 0.5 }').replace(
      '  drizzle:\n',
      '  drizzle:\n    shadow: { version: v1 }\n',
    ),
    [
      'c.yaml:5: models.rain.shadow.share: has no effect without a version; write shadow.version',
      'c.yaml:15: models.drizzle.shadow.version: every call goes to this version, so none is mirrored; name another version',
    ],
  ],
  [
    'a shadow behind the endpoint that serves callers',
    edited('aliases: [rain-prod]', 'shadow: { version: v2 }').replace(
      '    versions:\n      v1:\n        weight: 90',
      '    versions:\n      v2: { weight: 0, targets: [{ region: us-east-1, endpoint: rain-v1, component: two, price: { usdPerHour: 1, dataUsdPerGb: 0 } }] }\n      v1:\n        weight: 90',
    ),
    [
      'c.yaml:5: models.rain.shadow.version: copies draw on rain-v1 in us-east-1, which serves callers too; give the shadow endpoints of its own',
    ],
  ],
  [
    'an instance type not on the list',
    edited('instance: ml.m5.large', 'instance: ml.m5.lage'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].price.instance: ml.m5.lage in us-east-1 is not in the price list: cost policies place it last; write price.usdPerHour and price.dataUsdPerGb (did you mean "ml.m5.large"?)',
    ],
  ],
  [
    'a region not on the list',
    soundConfig.replaceAll('eu-west-1', 'eu-north-1'),
    [
      'c.yaml:2: regions.eu-north-1.egressUsdPerGb: bytes leaving eu-north-1 are not in the price list and count as the dearest listed; write egressUsdPerGb',
      'c.yaml:13: models.rain.versions.v1.targets[1].price.instance: ml.m5.large in eu-north-1 is not in the price list: cost policies place it last; write price.usdPerHour and price.dataUsdPerGb',
      'c.yaml:19: models.drizzle.versions.v1.targets[1].price: serverless in eu-north-1 is not in the price list: cost policies place it last; write price.usdPerGbSecond and price.dataUsdPerGb',
    ],
  ],
  [
    'a region with a slip in its name',
    soundConfig.replaceAll('eu-west-1', 'eu-wset-1'),
    [
      'c.yaml:2: regions.eu-wset-1: no AWS region is called like this: "wset" is no direction; did you mean "eu-west-1"?',
      'c.yaml:2: regions.eu-wset-1.egressUsdPerGb: bytes leaving eu-wset-1 are not in the price list and count as the dearest listed; write egressUsdPerGb',
      'c.yaml:13: models.rain.versions.v1.targets[1].price.instance: ml.m5.large in eu-wset-1 is not in the price list: cost policies place it last; write price.usdPerHour and price.dataUsdPerGb',
      'c.yaml:19: models.drizzle.versions.v1.targets[1].price: serverless in eu-wset-1 is not in the price list: cost policies place it last; write price.usdPerGbSecond and price.dataUsdPerGb',
    ],
  ],
  [
    'one region',
    edited('          - { kind: sagemaker-serverless, region: eu-west-1, endpoint: drizzle, memoryMb: 1024 }\n', ''),
    [
      'c.yaml:15: models.drizzle.versions: drizzle runs in us-east-1 only: if that region is lost, nothing answers; add a target in another region',
    ],
  ],
  [
    'stream settings without effect',
    edited(
      '  drizzle:\n',
      '  drizzle:\n    idempotent: false\n    stream: { firstContentMs: 10001, window: { ms: 5 }, rescue: buffered }\n',
    ),
    [
      'c.yaml:16: models.drizzle.stream.firstContentMs: 10001 never runs out: deadlineMs, 10000, is up before; lower it, or raise the deadline',
      'c.yaml:16: models.drizzle.stream.window: has no effect with rescue: buffered; write rescue: restart',
      'c.yaml:16: models.drizzle.stream.rescue: a stream that was cut is not moved, since the model is not idempotent; leave it out, or write idempotent: true if that is harmless',
    ],
  ],
  [
    'Redis without a shared secret',
    edited('auth: none', 'auth: none\nredis: { url: "redis://127.0.0.1" }'),
    [
      'c.yaml: cacheStore.keySecret: is missing, so cached answers are not shared through Redis; write one long secret for all replicas, filled in from the environment',
      'c.yaml: replicas: with redis and replicas: 1, each replica takes the whole of every limit until Redis has told how many there are; write how many usually run',
    ],
  ],
  [
    'fewer calls than replicas',
    edited('memoryMb: 1024', 'memoryMb: 1024, maxConcurrency: 2').replace('auth: none', 'auth: none\nreplicas: 4'),
    [
      'c.yaml:20: models.drizzle.versions.v1.targets[1].maxConcurrency: 2 shared by 4 replicas: each takes 1, so the fleet may send 4; raise it, or run fewer replicas',
    ],
  ],
  [
    'one place for two versions',
    edited(
      '  drizzle:\n',
      '      v2:\n        targets: [{ region: us-east-1, endpoint: rain-v1, price: { instance: ml.m5.large } }]\n  drizzle:\n',
    ),
    [
      'c.yaml:15: models.rain.versions.v2.targets[0]: the same place as a target of v1, so both versions are one; name the version’s own endpoint, variant or component',
    ],
  ],
  [
    'a version its residency keeps out',
    edited('aliases: [rain-prod]', 'routing: { residency: [eu] }').replace(
      '  drizzle:\n',
      '      v2:\n        targets: [{ region: us-east-1, endpoint: rain-v2, price: { instance: ml.m5.large } }]\n  drizzle:\n',
    ),
    [
      'c.yaml:5: models.rain.routing.residency: leaves v2 of rain no target in eu; add a target there, or give the version weight 0',
    ],
  ],
  [
    'a fallback model its residency keeps out',
    edited('aliases: [rain-prod]', 'routing: { residency: [eu] }').replace(
      '  drizzle:\n',
      '  drizzle:\n    routing: { residency: [us] }\n',
    ),
    ['c.yaml:7: models.rain.fallback[1].model: drizzle has no target where rain may run; give drizzle a target in eu'],
  ],
  [
    'a fallback model callers may not have',
    edited('auth: none', key('models: [rain]')),
    [
      'c.yaml:7: models.rain.fallback[1].model: the keys app may call rain but not drizzle; allow them drizzle, or write publicFallback: true there',
    ],
  ],
  [
    'a hedge with nowhere to go',
    `${soundConfig}  fog:\n    hedging: true\n    versions: { v1: { targets: [{ region: us-east-1, endpoint: fog, price: { instance: ml.m5.large } }] } }\n`,
    [
      'c.yaml:21: models.fog.hedging: there is one target, so a hedge has nowhere to go; add a target',
      'c.yaml:22: models.fog.versions: fog runs in us-east-1 only: if that region is lost, nothing answers; add a target in another region',
    ],
  ],
  [
    'shared answers of what must not run twice',
    edited('aliases: [rain-prod]', 'idempotent: false'),
    [
      'c.yaml:6: models.rain.cache: equal calls share one answer and the model is not idempotent; write freshSeconds: 0 unless that is meant',
    ],
  ],
  [
    'probes of what must not run twice',
    edited('  drizzle:\n', '  drizzle:\n    idempotent: false\n    sample: { body: x }\n'),
    [
      'c.yaml:16: models.drizzle.sample: probes run the sample again and again and the model is not idempotent; leave the sample out unless that is harmless',
    ],
  ],
  [
    'a probe that cannot name its target model',
    edited('  drizzle:\n', '  drizzle:\n    sample: { body: x }\n').replace(
      'kind: sagemaker-serverless, region: eu-west-1, endpoint: drizzle, memoryMb: 1024',
      'kind: sagemaker-multi-model, region: eu-west-1, endpoint: drizzle, price: { instance: ml.m5.large }',
    ),
    [
      'c.yaml:20: models.drizzle.versions.v1.targets[1]: a probe cannot say which target model it means, so the sample is not used here; fix targetModel, or leave the sample out',
    ],
  ],
  [
    'limits of a tenant without a key',
    edited(
      'auth: none',
      `auth: { keys: [{ id: a, tenant: forecast, sha256: ${'a'.repeat(64)} }] }\ntenants: { forecats: {} }`,
    ),
    [
      'c.yaml:2: tenants.forecats: no key is of this tenant, so its limits bind nobody; correct the name, or leave it out (did you mean "forecast"?)',
    ],
  ],
  [
    'tenants nobody knows',
    edited('aliases: [rain-prod]', 'routing: { splitByTenant: true }'),
    [
      'c.yaml:5: models.rain.routing.splitByTenant: without keys all callers are one tenant, so one version gets them all; write auth.keys',
    ],
  ],
  [
    'a cost weight nobody reads',
    edited('aliases: [rain-prod]', 'routing: { costWeight: 0.5 }'),
    [
      'c.yaml:5: models.rain.routing.costWeight: has no effect under the policy lowest-latency; write policy: balanced, or leave it out',
    ],
  ],
  [
    'a deadline spent on connecting',
    edited('aliases: [rain-prod]', 'deadlineMs: 1000'),
    [
      'c.yaml:5: models.rain.deadlineMs: one connection may take all of it: connections.connectTimeoutMs is 1000; raise the deadline, or lower connectTimeoutMs to half of it',
    ],
  ],
  [
    'a deadline past shutdown',
    edited('aliases: [rain-prod]', 'deadlineMs: 60000'),
    [
      'c.yaml:5: models.rain.deadlineMs: a stopping gateway waits 30000 ms and cuts calls that take longer; raise limits.shutdownMs',
    ],
  ],
  [
    'stale answers nobody asks for',
    edited('freshSeconds: 5', 'staleIfErrorSeconds: 60').replace('stale, ', ''),
    [
      'c.yaml:6: models.rain.cache.staleIfErrorSeconds: answers are kept for errors, but fallback does not use them; add stale to fallback',
    ],
  ],
  [
    'entries larger than the cache',
    edited('auth: none', 'auth: none\ncacheStore: { maxBytes: 1000 }'),
    [
      'c.yaml:2: cacheStore.maxEntryBytes: larger than cacheStore.maxBytes, 1000; an answer of that size is never kept in memory',
    ],
  ],
  [
    'batches at a price that nobody knows',
    edited('auth: none', 'auth: none\njobs: { buckets: { us-east-1: abc }, inputCopies: 1 }').replace(
      '        weight: 90\n',
      '        transforms: [{ region: us-east-1, modelName: m, instance: ml.x9.large }]\n',
    ),
    [
      'c.yaml:11: models.rain.versions.v1.transforms[0].instance: ml.x9.large in us-east-1 is not in the price list: batches go there last, and their cost is not told; write usdPerHour',
    ],
  ],
  [
    'calls in clear over the network',
    edited('us-east-1: ,', 'us-east-1: { endpoints: { sagemakerRuntime: "http://10.0.0.1:80" } },'),
    ['c.yaml:2: regions.us-east-1.endpoints.sagemakerRuntime: calls leave this machine unencrypted; write https://'],
  ],
  [
    'an admin listener without names or operators',
    edited(
      'auth: none',
      `auth: none\nlisten: { admin: "0.0.0.0:8081" }\nadmin: { keys: [{ id: a, role: viewer, sha256: ${'a'.repeat(64)} }] }`,
    ),
    [
      'c.yaml:3: admin.keys: no key is an operator’s; give one the role operator, or nobody can drain',
      'c.yaml:3: admin.hosts: admin listens everywhere but answers to loopback names only; list the host names operators will use in admin.hosts',
    ],
  ],
  [
    'a key bound away from some of its models',
    edited('auth: none', key('residency: [ap]')).replace('us-east-1: ,', 'us-east-1: , ap-southeast-1: ,'),
    [
      'c.yaml:1: auth.keys[0].residency: leaves rain no target in ap; add a residency, add a target there, or leave rain out of the key’s models',
      'c.yaml:1: auth.keys[0].residency: leaves drizzle no target in ap; add a residency, add a target there, or leave drizzle out of the key’s models',
    ],
  ],
];

for (const [name, text, warnings] of cases) {
  test(`warns of ${name}`, async t => {
    const loaded = loadText(text);
    t.same(told(loaded, 'error'), []);
    t.same(told(loaded, 'warning'), warnings);
  });
}

test('notes what is meant but should be known', async t => {
  t.same(
    told(
      loadText(
        edited('us-east-1: ,', 'us-east-1: , ap-southeast-1: ,').replace('auth: none', 'auth: none\nreplicas: 2'),
      ),
      'note',
    ),
    [
      'c.yaml:1: auth: none: whoever reaches the data port may call every model; keep 0.0.0.0:8080 where only trusted callers reach it, or write auth.keys',
      'c.yaml:2: replicas: 2 replicas without redis: drains and cached answers stay in one; write redis.url, or redis.cluster, to share them',
      'c.yaml:3: regions.ap-southeast-1: no target is there; add one or leave it out',
    ],
  );
});
