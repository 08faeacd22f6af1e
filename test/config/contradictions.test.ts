import { test } from 'tap';
import { edited, loadText, told } from '../helpers/config-texts.ts';

const hex = (digit: string) => digit.repeat(64);

// What is impossible, the config, and every error told.
const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ...['resolver.local', '10.0.0', '10.0.0.1:0', '10.0.0.1:70000', '[::1'].map(
    server =>
      [
        `the name server ${server}`,
        edited('auth: none', `auth: none\nconnections: { dns: { servers: ['10.0.0.2', '[::1]:53', '${server}'] } }`),
        [
          `c.yaml:2: connections.dns.servers[2]: "${server}" is no address of a name server; write an IP address, or 127.0.0.1:9153 with a port`,
        ],
      ] as const,
  ),
  [
    'a key with a wrong digest, and other mistakes in it and in its neighbours',
    edited(
      'auth: none',
      `auth: { keys: [
  { id: a, tenant: acme, sha256: abc, models: [rian], residency: [ue] },
  { id: b, tenant: acme, sha256: ${hex('b')}, models: [rain-prod] },
  { id: c, tenant: acme }] }`,
    ),
    [
      'c.yaml:2: auth.keys[0].sha256: found a value (not shown); expected 64 hex digits, the SHA-256 of the key, in lower case',
      'c.yaml:2: auth.keys[0].models[0]: no model is called "rian"; known: rain, drizzle (did you mean "rain"?)',
      'c.yaml:2: auth.keys[0].residency: no region has the residency "ue"; known: us, eu (did you mean "us"?)',
      'c.yaml:3: auth.keys[1].models[0]: "rain-prod" is an alias; write the model’s name, rain',
      'c.yaml:4: auth.keys[2]: needs one of sha256 and secret; write secret for callers who sign, else sha256',
    ],
  ],
  [
    'a setting of the wrong kind, and contradictions beside it',
    edited('aliases: [rain-prod]', 'maxRequestBytes: 26000000\n    routing: { residency: [mars] }')
      .replace(
        'auth: none',
        'auth: none\nlimits: { maxBufferedBytes: 25500000, shutdownMs: soon }\nhealth: { baseEjectionMs: 9000, maxEjectionMs: 8000, window: 5 }',
      )
      .replace('us-east-1: ,', 'us-east-1: { endpoints: 5 },'),
    [
      'c.yaml:2: limits.shutdownMs: found "soon"; expected a whole number, 0 or more',
      'c.yaml:3: health.window: unknown key; did you mean "windowMs"?',
      'c.yaml:3: health.maxEjectionMs: 8000 is shorter than baseEjectionMs, 9000; raise it',
      'c.yaml:4: regions.us-east-1.endpoints: found 5; expected a mapping with sagemakerRuntime, bedrockRuntime, sts, s3, …',
      'c.yaml:7: models.rain.maxRequestBytes: 26000000 is above limits.maxBufferedBytes, 25500000, so one body never fits; lower it, or raise maxBufferedBytes',
      'c.yaml:8: models.rain.routing.residency: no region has the residency "mars"; known: us, eu',
    ],
  ],
  [
    'a shadow that is no version',
    edited('aliases: [rain-prod]', 'shadow: { version: v2 }'),
    ['c.yaml:5: models.rain.shadow.version: rain has no version "v2"; known: v1 (did you mean "v1"?)'],
  ],
  [
    'copies of calls that must not run twice',
    edited('aliases: [rain-prod]', 'shadow: { version: v2 }\n    idempotent: false').replace(
      '    versions:\n      v1:\n        weight: 90',
      '    versions:\n      v2: { weight: 0, targets: [{ region: us-east-1, endpoint: rain-v2 }] }\n      v1:\n        weight: 90',
    ),
    [
      'c.yaml:5: models.rain.shadow.version: a mirrored call runs twice and the model is not idempotent; leave the shadow out, or write idempotent: true if running a call twice is harmless',
    ],
  ],
  [
    'a shadow that only queues',
    edited('aliases: [rain-prod]', 'shadow: { version: v2 }').replace(
      '    versions:\n      v1:\n        weight: 90',
      '    versions:\n      v2: { weight: 0, targets: [{ kind: sagemaker-async, region: us-east-1, endpoint: rain-v2 }] }\n      v1:\n        weight: 90',
    ),
    ['c.yaml:5: models.rain.shadow.version: v2 only queues, and queued calls are not mirrored; name another version'],
  ],
  [
    'a Redis that is one server and a cluster',
    edited('auth: none', "auth: none\nredis: { url: 'redis://a', cluster: ['redis://b'] }"),
    ['c.yaml:2: redis: url and cluster are both written; write url for one server, cluster for a cluster'],
  ],
  [
    'a Redis that is nowhere',
    edited('auth: none', 'auth: none\nredis: { keyPrefix: x }'),
    [
      'c.yaml:2: redis.url: is missing; write a URL such as redis://host:6379, or redis.cluster for the nodes of a cluster',
    ],
  ],
  [
    'nodes of a cluster that cannot be called',
    edited('auth: none', "auth: none\nredis: { cluster: ['redis://a:6379', 'redis://b:6379/2', 'redis://'] }"),
    [
      'c.yaml:2: redis.cluster[1]: a cluster has no database 2; leave it out of the URL',
      'c.yaml:2: redis.cluster[2]: found "redis://"; expected a URL such as redis://host:6379',
    ],
  ],
  [
    'a file as stateDir',
    edited('auth: none', `auth: none\nstateDir: ${import.meta.filename}/deep/down`),
    [`c.yaml:2: stateDir: ${import.meta.filename} is not a directory; name a directory, or one that can be created`],
  ],
  [
    'a directory as log file',
    edited('auth: none', `auth: none\nlog: { file: ${import.meta.dirname} }`),
    [`c.yaml:2: log.file: ${import.meta.dirname} is a directory; name a file in it`],
  ],
  [
    'a log file below a file',
    edited('auth: none', `auth: none\nlog: { file: ${import.meta.filename}/log }`),
    [`c.yaml:2: log.file: ${import.meta.filename} is not a directory; name a file in a directory`],
  ],
  [
    'buckets and places of jobs in regions that are not there',
    edited(
      'auth: none',
      "auth: none\njobs: { buckets: { us-east-1: abc, eu-wset-1: abc }, places: [{ s3: 's3://abc/x/', region: ap-south-1 }] }",
    ),
    [
      'c.yaml:2: jobs.buckets.eu-wset-1: no region is called "eu-wset-1"; known: us-east-1, eu-west-1 (did you mean "eu-west-1"?)',
      'c.yaml:2: jobs.places[0].region: no region is called "ap-south-1"; known: us-east-1, eu-west-1',
    ],
  ],
  [
    'batches in regions that are not there, have no bucket, or are named twice',
    edited('auth: none', 'auth: none\njobs: { buckets: { us-east-1: abc } }').replace(
      '        weight: 90\n',
      `        transforms:
          - { region: us-esat-1, modelName: m, instance: ml.m5.large }
          - { region: eu-west-1, modelName: m, instance: ml.m5.large }
          - { region: us-east-1, modelName: m, instance: ml.m5.large }
          - { region: us-east-1, modelName: n, instance: ml.m5.large }
`,
    ),
    [
      'c.yaml:12: models.rain.versions.v1.transforms[0].region: no region is called "us-esat-1"; known: us-east-1, eu-west-1 (did you mean "us-east-1"?)',
      'c.yaml:13: models.rain.versions.v1.transforms[1].region: batches in eu-west-1 have no bucket for their records and outputs; write jobs.buckets.eu-west-1',
      'c.yaml:15: models.rain.versions.v1.transforms[3].region: a second transform in us-east-1; keep one a region',
    ],
  ],
  [
    'an asynchronous target with settings of other kinds',
    edited(
      'region: us-east-1, endpoint: drizzle,',
      'kind: sagemaker-async, region: us-east-1, endpoint: drizzle, variant: a,',
    ),
    [
      'c.yaml:18: models.drizzle.versions.v1.targets[0].variant: a sagemaker-async target has no variant; leave it out, or correct kind',
    ],
  ],
  [
    'a region that is not there',
    edited('region: eu-west-1, endpoint: rain-v1', 'region: eu-wset-1, endpoint: rain-v1'),
    [
      'c.yaml:13: models.rain.versions.v1.targets[1].region: no region is called "eu-wset-1"; known: us-east-1, eu-west-1 (did you mean "eu-west-1"?)',
    ],
  ],
  [
    'a fallback model that is not there',
    edited('model: drizzle', 'model: drizle'),
    [
      'c.yaml:7: models.rain.fallback[1].model: no model is called "drizle"; known: rain, drizzle (did you mean "drizzle"?)',
    ],
  ],
  [
    'a model standing in for itself',
    edited('model: drizzle', 'model: rain'),
    ['c.yaml:7: models.rain.fallback[1].model: rain would stand in for itself; name another model'],
  ],
  [
    'an alias as fallback model',
    edited('  drizzle:\n', '  drizzle:\n    aliases: [light]\n').replace('model: drizzle', 'model: light'),
    ['c.yaml:7: models.rain.fallback[1].model: "light" is an alias; write the model’s name, drizzle'],
  ],
  [
    'models standing in for each other',
    edited('  drizzle:\n', '  drizzle:\n    fallback: [{ model: rain }]\n'),
    [
      'c.yaml:15: models.drizzle.fallback: these stand in for each other: rain → drizzle → rain; leave one of the steps out',
    ],
  ],
  [
    'steps after a static answer',
    edited('fallback: [stale,', 'fallback: [{ static: { body: "{}" } }, stale,'),
    [
      'c.yaml:7: models.rain.fallback[1]: comes after a static answer and is never tried; put it before',
      'c.yaml:7: models.rain.fallback[2]: comes after a static answer and is never tried; put it before',
    ],
  ],
  [
    'a step twice',
    edited('fallback: [stale,', 'fallback: [stale, stale,'),
    ['c.yaml:7: models.rain.fallback[1]: is there twice; leave one of the two out'],
  ],
  [
    'stale answers without a cache',
    edited('    cache: { freshSeconds: 5 }\n', ''),
    [
      'c.yaml:6: models.rain.fallback[0]: there are no stale answers without a cache; add cache: { staleIfErrorSeconds: 3600 }',
    ],
  ],
  [
    'stale answers that are not kept',
    edited('freshSeconds: 5', 'staleIfErrorSeconds: 0, freshSeconds: 5'),
    [
      'c.yaml:7: models.rain.fallback[0]: cache.staleIfErrorSeconds is 0, so nothing is kept; raise it, or leave stale out',
    ],
  ],
  [
    'a cache that keeps nothing',
    edited('freshSeconds: 5', 'staleIfErrorSeconds: 0').replace('stale, ', ''),
    ['c.yaml:6: models.rain.cache: every time is 0, so nothing is ever kept; give one a time, or leave cache out'],
  ],
  [
    'a cache without room',
    edited('auth: none', 'auth: none\ncacheStore: { maxBytes: 0, maxEntryBytes: 0 }'),
    ['c.yaml:7: models.rain.cache: the cache store has no room; raise cacheStore.maxBytes and maxEntryBytes'],
  ],
  [
    'an alias that is a model',
    edited('[rain-prod]', '[drizzle]'),
    [
      'c.yaml:5: models.rain.aliases[0]: "drizzle" is the name of a model; leave the alias out, or rename one of the two',
    ],
  ],
  [
    'an alias of two models',
    edited('  drizzle:\n', '  drizzle:\n    aliases: [rain-prod]\n'),
    ['c.yaml:15: models.drizzle.aliases[0]: "rain-prod" is already an alias at c.yaml:5; leave it to one model'],
  ],
  [
    'a target twice',
    edited('region: eu-west-1, endpoint: rain-v1', 'region: us-east-1, endpoint: rain-v1'),
    [
      'c.yaml:13: models.rain.versions.v1.targets[1]: the same target as the one at c.yaml:12; leave one out; to serve more calls raise maxConcurrency',
    ],
  ],
  [
    'no version with weight',
    edited('weight: 90', 'weight: 0'),
    ['c.yaml:8: models.rain.versions: every version has weight 0; give one a weight above 0'],
  ],
  [
    'no target with weight',
    edited('weight: 90', 'weight: 90')
      .replace('aliases: [rain-prod]', 'routing: { policy: weighted }')
      .replaceAll('endpoint: rain-v1,', 'endpoint: rain-v1, weight: 0,'),
    [
      'c.yaml:11: models.rain.versions.v1.targets: every target has weight 0 and the policy is weighted; give one a weight above 0',
    ],
  ],
  [
    'an endpoint without its name',
    edited('endpoint: rain-v1, ', ''),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].endpoint: is missing: a sagemaker-realtime target is reached by it; write the endpoint’s name',
    ],
  ],
  [
    'Bedrock without a model id, and with what only endpoints have',
    edited('endpoint: rain-v1, ', 'endpoint: rain-v1, kind: bedrock, variant: blue, '),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].endpoint: a bedrock target has no endpoint; leave it out, or correct kind',
      'c.yaml:12: models.rain.versions.v1.targets[0].variant: a bedrock target has no variant; leave it out, or correct kind',
      'c.yaml:12: models.rain.versions.v1.targets[0].modelId: is missing: a bedrock target is reached by it; write the model’s id, or its inference profile’s',
      'c.yaml:12: models.rain.versions.v1.targets[0].price.instance: a bedrock target is not priced by it; Bedrock is priced by inputUsdPerMillion and outputUsdPerMillion',
    ],
  ],
  [
    'a profile called from another geography',
    edited('endpoint: rain-v1, ', 'kind: bedrock, modelId: eu.demo.assistant-v1:0, '),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].modelId: a profile of eu cannot be called from us-east-1; name the profile of the region’s own geography',
      'c.yaml:12: models.rain.versions.v1.targets[0].price.instance: a bedrock target is not priced by it; Bedrock is priced by inputUsdPerMillion and outputUsdPerMillion',
    ],
  ],
  [
    'a server’s URL that is none',
    edited('endpoint: rain-v1, ', "kind: http, url: 'https://a b/v1', ").replace(
      'instance: ml.m5.large',
      'usdPerHour: 1',
    ),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].url: found "https://a b/v1"; expected a URL such as https://host/v1',
    ],
  ],
  [
    'a server’s URL with a password',
    edited('endpoint: rain-v1, ', "kind: http, url: 'https://me:hunter2@host/v1', ").replace(
      'instance: ml.m5.large',
      'usdPerHour: 1',
    ),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].url: a URL with a user name or password; write them as auth; leave them out of the URL',
    ],
  ],
  [
    'a container of a protocol that only servers elsewhere speak',
    edited('endpoint: rain-v1,', 'endpoint: rain-v1, api: open-inference,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].api: a sagemaker-realtime target cannot speak open-inference; write one of openai, tgi',
    ],
  ],
  [
    'a container that continues texts, of a model nobody knows how to talk to',
    edited('endpoint: rain-v1,', 'endpoint: rain-v1, api: tgi,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].template: is missing: a tgi container takes text; write the one its model was trained with',
    ],
  ],
  [
    'a name for the model of a container that takes none',
    edited('endpoint: rain-v1,', 'endpoint: rain-v1, modelId: llama,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].modelId: a sagemaker-realtime target without api: openai has no modelId; leave it out, or correct kind',
    ],
  ],
  [
    'a template for a container that takes messages',
    edited('endpoint: rain-v1,', 'endpoint: rain-v1, api: openai, template: chatml,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].template: only a target of api tgi has one; leave it out, or write api: tgi',
    ],
  ],
  [
    'serverless without memory',
    edited(', memoryMb: 1024', ''),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].memoryMb: is missing: a serverless target is priced by its memory; write the endpoint’s memory, 1024 to 6144',
    ],
  ],
  [
    'memory on instances',
    edited('endpoint: rain-v1,', 'endpoint: rain-v1, memoryMb: 1024,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].memoryMb: a sagemaker-realtime target has no memoryMb; leave it out, or correct kind',
    ],
  ],
  [
    'memory nobody sells',
    edited('memoryMb: 1024', 'memoryMb: 1500'),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].memoryMb: found 1500; expected a whole number, 1024 to 6144, a multiple of 1024',
    ],
  ],
  [
    'a target model on a plain endpoint',
    edited('endpoint: rain-v1,', 'endpoint: rain-v1, targetModel: a.tar.gz,'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].targetModel: a sagemaker-realtime target has no targetModel; leave it out, or correct kind',
    ],
  ],
  [
    'a variant of serverless',
    edited('memoryMb: 1024', 'memoryMb: 1024, variant: blue'),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].variant: a sagemaker-serverless target has no variant; leave it out, or correct kind',
    ],
  ],
  [
    'a component of a multi-model endpoint',
    edited(
      'kind: sagemaker-serverless, region: eu-west-1, endpoint: drizzle, memoryMb: 1024',
      'kind: sagemaker-multi-model, region: eu-west-1, endpoint: drizzle, component: x',
    ),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].component: a sagemaker-multi-model target has no component; leave it out, or correct kind',
    ],
  ],
  [
    'more calls than serverless takes',
    edited('memoryMb: 1024', 'memoryMb: 1024, maxConcurrency: 500'),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].maxConcurrency: 500 is above what a serverless endpoint can be given; write the endpoint’s own MaxConcurrency, at most 200',
    ],
  ],
  [
    'an instance price for serverless',
    edited('memoryMb: 1024', 'memoryMb: 1024, price: { instance: ml.m5.large }'),
    [
      'c.yaml:19: models.drizzle.versions.v1.targets[1].price.instance: a sagemaker-serverless target is not priced by it; serverless is priced by usdPerGbSecond',
    ],
  ],
  [
    'a serverless price for instances',
    edited('price: { instance: ml.m5.large }', 'price: { usdPerGbSecond: 1 }'),
    [
      'c.yaml:12: models.rain.versions.v1.targets[0].price.usdPerGbSecond: a sagemaker-realtime target is not priced by it; instances are priced by usdPerHour',
    ],
  ],
  [
    'a residency no region has',
    edited('aliases: [rain-prod]', 'routing: { residency: [europe] }'),
    ['c.yaml:5: models.rain.routing.residency: no region has the residency "europe"; known: us, eu'],
  ],
  [
    'a residency without targets',
    edited('aliases: [rain-prod]', 'routing: { residency: [ap] }').replace(
      'us-east-1: ,',
      'us-east-1: , ap-southeast-1: ,',
    ),
    [
      'c.yaml:5: models.rain.routing.residency: leaves rain no target in ap; add a residency, or a target in one of these',
    ],
  ],
  [
    'a deadline shorter than the promise',
    edited('aliases: [rain-prod]', 'deadlineMs: 500'),
    [
      'c.yaml:5: models.rain.deadlineMs: 500 is shorter than slo.latencyMs, 1000; raise the deadline, or promise a shorter latency',
    ],
  ],
  [
    'hedging what must not run twice',
    edited('aliases: [rain-prod]', 'idempotent: false\n    hedging: true'),
    [
      'c.yaml:6: models.rain.hedging: a hedge runs a call twice and the model is not idempotent; turn hedging off, or write idempotent: true if running a call twice is harmless',
    ],
  ],
  [
    'bodies larger than memory',
    edited('aliases: [rain-prod]', 'maxRequestBytes: 26214400').replace(
      'auth: none',
      'auth: none\nlimits: { maxBufferedBytes: 1048576 }',
    ),
    [
      'c.yaml:5: models.rain.maxResponseBytes: 25000000 is above limits.maxBufferedBytes, 1048576, so one body never fits; lower it, or raise maxBufferedBytes',
      'c.yaml:6: models.rain.maxRequestBytes: 26214400 is above limits.maxBufferedBytes, 1048576, so one body never fits; lower it, or raise maxBufferedBytes',
      'c.yaml:15: models.drizzle.maxRequestBytes: 25000000 is above limits.maxBufferedBytes, 1048576, so one body never fits; lower it, or raise maxBufferedBytes',
      'c.yaml:15: models.drizzle.maxResponseBytes: 25000000 is above limits.maxBufferedBytes, 1048576, so one body never fits; lower it, or raise maxBufferedBytes',
    ],
  ],
  [
    'one port for both listeners',
    edited('auth: none', 'auth: none\nlisten: { admin: "127.0.0.1:8080" }'),
    ['c.yaml:2: listen: data and admin both want port 8080; give each a port of its own'],
  ],
  [
    'a port past 65535',
    edited('auth: none', 'auth: none\nlisten: { data: "0.0.0.0:80800" }'),
    ['c.yaml:2: listen.data: found "0.0.0.0:80800"; expected host:port with a port up to 65535'],
  ],
  [
    'an open admin listener',
    edited('auth: none', 'auth: none\nlisten: { admin: "0.0.0.0:8081" }'),
    [
      'c.yaml:2: listen.admin: admin listens on 0.0.0.0, beyond this machine, without a key; add admin.keys, or listen on 127.0.0.1',
    ],
  ],
  [
    'a key for an unknown model',
    edited('auth: none', `auth: { keys: [{ id: a, tenant: a, sha256: ${hex('a')}, models: [rian] }] }`),
    ['c.yaml:1: auth.keys[0].models[0]: no model is called "rian"; known: rain, drizzle (did you mean "rain"?)'],
  ],
  [
    'a key for an alias',
    edited('auth: none', `auth: { keys: [{ id: a, tenant: a, sha256: ${hex('a')}, models: [rain-prod] }] }`),
    ['c.yaml:1: auth.keys[0].models[0]: "rain-prod" is an alias; write the model’s name, rain'],
  ],
  [
    'a key bound away from its model',
    edited(
      'auth: none',
      `auth: { keys: [{ id: a, tenant: a, sha256: ${hex('a')}, models: [rain], residency: [ap] }] }`,
    ).replace('us-east-1: ,', 'us-east-1: , ap-southeast-1: ,'),
    [
      'c.yaml:1: auth.keys[0].residency: leaves rain no target in ap; add a residency, add a target there, or leave rain out of the key’s models',
    ],
  ],
  [
    'callers of whom none can ever be known',
    edited('auth: none', 'auth: {}'),
    ['c.yaml:1: auth: no key can ever be known; write auth.keys, auth.issued or none'],
  ],
  [
    'a key with both a digest and a secret, and one with neither',
    edited(
      'auth: none',
      `auth:\n  keys:\n    - { id: a, tenant: a, sha256: ${hex('a')}, secret: twenty-characters-long }\n    - { id: b, tenant: b }`,
    ),
    [
      'c.yaml:3: auth.keys[0]: needs one of sha256 and secret; write secret for callers who sign, else sha256',
      'c.yaml:4: auth.keys[1]: needs one of sha256 and secret; write secret for callers who sign, else sha256',
    ],
  ],
  [
    'a tenant allowed a model that is not there',
    edited('auth: none', 'auth: none\ntenants: { acme: { models: [rian] } }'),
    ['c.yaml:2: tenants.acme.models[0]: no model is called "rian"; known: rain, drizzle (did you mean "rain"?)'],
  ],
  [
    'a secret that can be guessed',
    edited('auth: none', 'auth: { keys: [{ id: a, tenant: a, secret: demo }] }'),
    ['c.yaml:1: auth.keys[0].secret: has fewer than 20 characters; write a random one'],
  ],
  [
    'two keys with one id',
    edited(
      'auth: none',
      `auth:\n  keys:\n    - { id: a, tenant: a, sha256: ${hex('a')} }\n    - { id: a, tenant: b, sha256: ${hex('b')} }`,
    ),
    ['c.yaml:4: auth.keys[1].id: the same id as the key at c.yaml:3; give each key an id of its own'],
  ],
  [
    'one key under two ids',
    edited(
      'auth: none',
      `auth:\n  keys:\n    - { id: a, tenant: a, sha256: ${hex('a')} }\n    - { id: b, tenant: b, sha256: ${hex('a')} }`,
    ),
    ['c.yaml:4: auth.keys[1].sha256: the same sha256 as the key at c.yaml:3; make a new key for one of the two'],
  ],
  [
    'a URL that is none',
    edited('us-east-1: ,', 'us-east-1: { endpoints: { sagemakerRuntime: "https://a b" } },'),
    [
      'c.yaml:2: regions.us-east-1.endpoints.sagemakerRuntime: found "https://a b"; expected a URL such as https://host:443',
    ],
  ],
  [
    'a password in a URL',
    edited('us-east-1: ,', 'us-east-1: { endpoints: { sagemakerRuntime: "https://me:hunter2@host" } },'),
    [
      'c.yaml:2: regions.us-east-1.endpoints.sagemakerRuntime: a URL with a user name or password; credentials sign the calls; leave them out of the URL',
    ],
  ],
  [
    'two ways to assume a role',
    edited(
      'us-east-1: ,',
      'us-east-1: { credentials: { roleArn: "arn:aws:iam::222222222222:role/m", webIdentityTokenFile: /t, source: default } },',
    ),
    [
      'c.yaml:2: regions.us-east-1.credentials: both webIdentityTokenFile and source say how the role is assumed; keep one of the two',
    ],
  ],
  [
    'a longest ejection below the first',
    edited('auth: none', 'auth: none\nhealth: { baseEjectionMs: 60000, maxEjectionMs: 1000 }'),
    ['c.yaml:2: health.maxEjectionMs: 1000 is shorter than baseEjectionMs, 60000; raise it'],
  ],
  [
    'a time no timer can wait',
    edited('auth: none', 'auth: none\nhealth: { slowStartMs: 3000000000 }'),
    ['c.yaml:2: health.slowStartMs: 3000000000 is longer than a timer can wait; write at most 2147483647'],
  ],
  [
    'a line break in a content type',
    edited('{ model: drizzle }', '{ static: { contentType: "text/plain\\r\\nx: y", body: a } }'),
    [
      'c.yaml:7: models.rain.fallback[1].static.contentType: found "text/plain\\r\\nx: y"; expected a media type such as application/json',
    ],
  ],
];

for (const [name, text, errors] of cases) {
  test(`refuses ${name}`, async t => {
    const loaded = loadText(text);
    t.notOk(loaded.ok);
    t.same(told(loaded, 'error'), errors);
  });
}
