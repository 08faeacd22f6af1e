import { test } from 'tap';
import type { Backend } from '../../src/backends/backend.ts';
import type { Model } from '../../src/core/model.ts';
import type { InferenceRequest } from '../../src/core/request.ts';
import type { Target } from '../../src/core/target.ts';
import type { Permit } from '../../src/health/health.ts';
import { type AttemptPorts, attempt } from '../../src/inference/attempt.ts';

test('a backend that throws gives its permit back, and says nothing about the target', async t => {
  const bug = new RangeError('Maximum call stack size exceeded');
  const told: string[] = [];
  const throwing: Backend = { invoke: () => Promise.reject(bug) };
  const ports = {
    backends: { 'sagemaker-realtime': throwing },
    measure: (_: Target, outcome: string) => void told.push(`measured ${outcome}`),
  } as unknown as AttemptPorts;
  const permit = { settle: ({ outcome }) => void told.push(`settled ${outcome}`) } as Permit;
  const plan = {
    target: { kind: 'sagemaker-realtime' } as Target,
    permit,
    reason: 'first' as const,
    timeoutMs: 1_000,
    shortened: false,
    signal: new AbortController().signal,
  };
  await t.rejects(attempt(ports, {} as Model, {} as InferenceRequest, plan), bug);
  t.same(told, ['settled cancelled', 'measured cancelled']);
});
