import { test } from 'tap';
import { minimalConfig } from '../../src/config/reference.ts';
import { resolvedText } from '../helpers/config-texts.ts';

test('six lines are enough, and every other value has its stated default', async t => {
  t.equal(minimalConfig.trim().split('\n').length, 6);
  const { config } = resolvedText(minimalConfig);
  t.strictSame(config, {
    schemaVersion: 1,
    listen: { data: '0.0.0.0:8080', admin: '127.0.0.1:8081' },
    stateDir: '.meridian',
    replicas: 1,
    auth: 'none',
    tenants: {},
    admin: { keys: [], hosts: [] },
    regions: { 'us-east-1': null },
    connections: {
      connectTimeoutMs: 1_000,
      keepAliveMs: 50_000,
      dns: { servers: [], ttlMs: 10_000, timeoutMs: 500 },
    },
    limits: {
      maxBufferedBytes: 268_435_456,
      maxJsonValues: 250_000,
      bodyTimeoutMs: 30_000,
      drainMs: 5_000,
      shutdownMs: 30_000,
    },
    health: {
      consecutiveFailures: 5,
      failureRate: 0.5,
      minimumRequests: 20,
      windowMs: 10_000,
      baseEjectionMs: 30_000,
      maxEjectionMs: 300_000,
      ejectionJitter: 0.2,
      slowStartMs: 30_000,
      probeIntervalMs: 2_000,
      probeTimeoutMs: 2_000,
      trialExpiryMs: 60_000,
      failOpenPerSecond: 1,
      maxWaiting: 100,
      evacuateShare: 0.5,
    },
    retryBudget: { ratio: 0.2, perSecond: 3 },
    hooks: { tokens: [], topics: [] },
    cacheStore: { maxBytes: 67_108_864, maxEntryBytes: 1_048_576, redisBudgetMs: 10 },
    log: { level: 'info', sampleRate: 1 },
    models: {
      rain: {
        aliases: [],
        publicFallback: false,
        idempotent: true,
        priority: 'normal',
        slo: { latencyMs: 1_000, availability: 0.999 },
        deadlineMs: 10_000,
        exhaustedStatus: 503,
        maxRequestBytes: 25_000_000,
        maxResponseBytes: 25_000_000,
        routing: {
          policy: 'lowest-latency',
          costWeight: 0.3,
          warmShare: 0.01,
          warmServerless: false,
          splitByTenant: false,
          queueMs: 50,
        },
        hedging: false,
        stream: {
          connectMs: 1_000,
          firstByteMs: 10_000,
          firstContentMs: 10_000,
          idleMs: 30_000,
          totalMs: 600_000,
          rescue: 'none',
          window: { bytes: 16_384, ms: 1_000 },
        },
        fallback: [],
        callerMayName: { variant: false, component: false },
        shadow: {
          share: 0.1,
          maxConcurrency: 4,
          queue: 100,
          timeoutMs: 10_000,
          compare: { absolute: 0.000_001, relative: 0.001, maxBytes: 65_536 },
        },
        canary: {
          steps: [1, 5, 25, 50, 100],
          minSample: 200,
          bakeMs: 600_000,
          holdAfterMs: 86_400_000,
          cooldownMs: 600_000,
          lookEveryMs: 5_000,
          warmUpCalls: 10,
          warmUpMs: 10_000,
          waves: [],
          approval: 'none',
          guards: {
            errors: { marginPoints: 2, marginShare: 0.2 },
            callerFaults: { action: 'rollback' },
            latency: { margin: 0.25, action: 'rollback' },
            predictions: { distance: 0.2, action: 'hold' },
            cost: { margin: 0.5, action: 'hold' },
            quality: { margin: 0.05, action: 'rollback' },
            failuresInARow: 5,
          },
        },
        versions: {
          v1: {
            weight: 100,
            targets: [
              { kind: 'sagemaker-realtime', region: 'us-east-1', endpoint: 'rain-v1', maxConcurrency: 64, weight: 1 },
            ],
            transforms: [],
          },
        },
      },
    },
  });
});

test('defaults are not shared: changing one config leaves the next as it was', async t => {
  const first = resolvedText(minimalConfig).config;
  first.connections.dns.servers.push('192.0.2.1');
  first.health.windowMs = 1;
  const second = resolvedText(minimalConfig).config;
  t.same(second.connections.dns.servers, []);
  t.equal(second.health.windowMs, 10_000);
});
