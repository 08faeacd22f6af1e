import { type Emit, eventBus } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import { type LogSink, logEvents } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { recordMetrics } from '../telemetry/record.ts';

/** Those who watch what happens, in their order. One that throws is counted and told, and hurts nobody. */
export function createObservers(log: LogSink, sampleRate: number, random: Random): { metrics: Metrics; emit: Emit } {
  const metrics = createMetrics();
  const listeners = [recordMetrics(metrics), logEvents(log.logger, sampleRate, random)] as const;
  const emit = eventBus(listeners, error => {
    metrics.count('meridian_listener_errors_total', {});
    log.logger.error({ err: error }, 'an event listener threw');
  });
  return { metrics, emit };
}
