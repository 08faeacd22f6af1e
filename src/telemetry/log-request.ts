import type { GatewayEvent } from '../core/events.ts';
import type { Random } from '../core/random.ts';
import type { Logger } from './logger.ts';

/** One completion line of a request; plain successes only as often as `sampleRate` says. */
export function logRequest(
  logger: Logger,
  event: Extract<GatewayEvent, { type: 'request-finished' }>,
  sampleRate: number,
  random: Random,
): void {
  const plain =
    event.error === undefined && event.status < 400 && event.attempts.length <= 1 && event.served?.fallback === 'none';
  if (plain && sampleRate < 1 && random() >= sampleRate) return;
  const served = event.served;
  const line = {
    requestId: event.requestId,
    protocol: event.protocol,
    model: event.model,
    tenant: event.caller?.tenant,
    keyId: event.caller?.keyId,
    status: event.status,
    error: event.error,
    version: served?.version,
    target: served?.target?.name,
    cache: served?.cache,
    fallback: served?.fallback,
    trail:
      event.attempts.length === 0
        ? undefined
        : event.attempts.map(made => `${made.target.name}:${made.result.outcome}`),
    causes:
      event.attempts.length === 0 || plain ? undefined : event.attempts.flatMap(made => made.result.error?.type ?? []),
    requestBytes: event.requestBytes,
    responseBytes: event.responseBytes,
    durationMs: round(event.durationMs),
    receivingMs: round(event.receivingMs),
    upstreamMs: round(event.upstreamMs),
    clientAttempt: event.clientAttempt > 1 ? event.clientAttempt : undefined,
    traceId: event.traceparent?.slice(3, 35),
  };
  if (event.status >= 500) logger.warn(line, 'request');
  else logger.info(line, 'request');
}

/** A time as lines show it, ms. */
export function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
