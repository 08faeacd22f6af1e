import { type Emit, eventBus, type Listener } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import { type LogSink, logEvents } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { recordMetrics } from '../telemetry/record.ts';

/** Those who watch what happens. */
export interface Observers {
  readonly metrics: Metrics;
  readonly emit: Emit;
  /** Adds those that are made of parts which emit themselves. */
  join(...listeners: readonly Listener[]): void;
}

/** Metrics and log first, then those who join, in their order. One that throws is counted and told, and hurts nobody. */
export function createObservers(log: LogSink, sampleRate: number, random: Random): Observers {
  const metrics = createMetrics();
  let listeners: readonly Listener[] = [recordMetrics(metrics), logEvents(log.logger, sampleRate, random)];
  const join: Observers['join'] = (...more) => {
    listeners = [...listeners, ...more];
  };
  const emit = eventBus(
    () => listeners,
    error => {
      metrics.count('meridian_listener_errors_total', {});
      log.logger.error({ err: error }, 'an event listener threw');
    },
  );
  return { metrics, emit, join };
}
