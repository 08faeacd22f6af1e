import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { InferenceRequest, InvokeFields } from '../core/request.ts';
import type { Answer, AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { asyncOperation, invokeOperation, type Operation, streamOperation } from '../wire/sagemaker-runtime.ts';
import type { AttemptLimits } from './backend.ts';
import { type Classified, classify } from './classify.ts';
import type { Credentials } from './credentials.ts';
import { fromFailure, type Unfinished } from './failures.ts';
import { openStream } from './opened-stream.ts';
import { payloadParts } from './sagemaker-stream.ts';
import type { Signer } from './signing.ts';
import type { Transport } from './transport.ts';
import type { TransportAnswer, TransportStream } from './transport-call.ts';

/** What calling SageMaker Runtime needs of the rest. */
export interface InvokePorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly signer: Signer;
  /** Usable keys of an identity now; undefined when there are none. Never waits. */
  credentialsOf(identity: string): Credentials | undefined;
  /** Tells that AWS refused an identity's keys. */
  suspect(identity: string): void;
  /** `https://…` of SageMaker Runtime in a region. */
  runtimeUrlOf(region: string): string | undefined;
}

/** One signed call of InvokeEndpoint, or of its streamed or asynchronous sibling, as the request asks. Never rejects. */
export async function invokeEndpoint(
  ports: InvokePorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  const startedAt = ports.clock.now();
  const first = await callOnce(ports, target, request, limits, limits.timeoutMs);
  const spentMs = ports.clock.now() - startedAt;
  if (!first.again || spentMs >= limits.timeoutMs) return { durationMs: spentMs, ...first.result };
  const second = await callOnce(ports, target, request, limits, limits.timeoutMs - spentMs);
  return { durationMs: ports.clock.now() - startedAt, ...second.result };
}

/** `again`: the region's clock was learnt from this refusal, and signing anew will help. */
async function callOnce(
  ports: InvokePorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
  timeoutMs: number,
): Promise<{ result: Unfinished; again: boolean }> {
  const origin = ports.runtimeUrlOf(target.region);
  if (origin === undefined) return only(misconfigured('UnknownRegion', `no endpoint is known for ${target.region}`));
  const credentials = ports.credentialsOf(target.identity);
  if (credentials === undefined) return only(noCredentials(target));
  const operation = operationOf(request, limits);
  const startedAt = ports.clock.now();
  const sent = await ports.transport.send({
    poolKey: target.id,
    origin,
    method: 'POST',
    path: operation.path(target.endpoint),
    headers: signedHeaders(ports.signer, operation, target, request, credentials, origin),
    body: request.body,
    timeoutMs: Math.min(timeoutMs, limits.stream?.firstByteMs ?? timeoutMs),
    maxResponseBytes: limits.maxResponseBytes,
    memory: limits.memory,
    idempotent: limits.idempotent,
    signal: limits.signal,
    ...(limits.stream && { streamed: limits.stream }),
  });
  if (sent.kind === 'timeout' && limits.stream !== undefined)
    return only(fromFailure({ ...sent, code: 'FIRST_BYTE_TIMEOUT' }));
  if (sent.kind === 'stream') return only(await opened(ports, target, limits, sent, startedAt, timeoutMs));
  if (sent.kind !== 'answer') return only(fromFailure(sent));
  if (sent.status >= 200 && sent.status < 300)
    return only({ outcome: 'ok', answer: answerOf(operation, sent), sent: true });
  return fromRefusal(ports, target, request, sent);
}

function operationOf(request: InferenceRequest, limits: AttemptLimits): Operation {
  if (request.queued !== undefined) return asyncOperation;
  return limits.stream === undefined ? invokeOperation : streamOperation;
}

function only(result: Unfinished): { result: Unfinished; again: boolean } {
  return { result, again: false };
}

/** From the head of a streamed answer to its first content. */
async function opened(
  { clock }: InvokePorts,
  target: Target,
  { stream: settings, memory, maxResponseBytes: maxBytes }: AttemptLimits,
  { status, headers, bytes }: TransportStream,
  startedAt: number,
  timeoutMs: number,
): Promise<Unfinished> {
  if (settings === undefined) throw new Error('a streamed answer to a call that asked for none');
  const contentMs = Math.min(timeoutMs, settings.firstContentMs);
  const reader = payloadParts(target, maxBytes);
  const found = await openStream({ clock, bytes, reader, settings, startedAt, contentMs, memory, maxBytes });
  if (!('stream' in found)) return found;
  const answer = {
    status,
    headers: passedHeaders(streamOperation, headers),
    body: Buffer.alloc(0),
    stream: found.stream,
  };
  return { outcome: 'ok', answer, sent: true, firstContentMs: found.firstContentMs };
}

function signedHeaders(
  signer: Signer,
  operation: Operation,
  target: Target,
  request: InferenceRequest,
  credentials: Credentials,
  origin: string,
): string[] {
  const headers = signer.sign({
    method: 'POST',
    path: operation.path(target.endpoint),
    host: origin.slice(origin.indexOf('//') + 2),
    region: target.region,
    headers: forwarded(operation, target, request),
    bodySha256: request.bodySha256,
    credentials,
  });
  // Not signed: whatever stands between may continue the trace.
  if (request.traceparent !== undefined) headers.push('traceparent', request.traceparent);
  return headers;
}

/** Exactly the headers the operation knows, sorted. What the target fixes outranks the caller's wish. */
function forwarded(operation: Operation, target: Target, request: InferenceRequest): string[] {
  const headers: string[] = [];
  for (const [header, field] of operation.requestHeaders) {
    const value = fixedBy(target, field, request) ?? request.fields[field];
    if (value !== undefined) headers.push(header, value);
  }
  return headers;
}

function fixedBy(target: Target, field: keyof InvokeFields, { queued }: InferenceRequest): string | undefined {
  if (field === 'inputLocation') return queued?.inputs?.get(target.region);
  if (field === 'targetVariant') return target.variant;
  if (field === 'inferenceComponent') return target.component;
  if (field === 'targetModel') return target.targetModel;
  return undefined;
}

function callerNamed(target: Target, fields: InvokeFields): boolean {
  return (
    (fields.targetVariant !== undefined && target.variant === undefined) ||
    (fields.inferenceComponent !== undefined && target.component === undefined) ||
    (fields.targetModel !== undefined && target.targetModel === undefined)
  );
}

function answerOf(operation: Operation, { status, headers, body }: TransportAnswer): Answer {
  return { status, headers: passedHeaders(operation, headers), body };
}

function passedHeaders(operation: Operation, headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, longest, known = name] of operation.responseHeaders) {
    const value = headers[name];
    if (typeof value === 'string' && value.length <= longest && /^[\t\x20-\x7e]*$/.test(value)) passed[known] = value;
  }
  return passed;
}

function fromRefusal(
  ports: InvokePorts,
  target: Target,
  request: InferenceRequest,
  { status, headers, body }: TransportAnswer,
): { result: Unfinished; again: boolean } {
  const named = callerNamed(target, request.fields);
  const { endpoint, model } = target;
  const { outcome, error, answer, aboutTime }: Classified = classify({
    status,
    headers,
    body,
    endpoint,
    model,
    callerNamed: named,
  });
  const again = aboutTime && ports.signer.adoptTime(target.region, headers.date);
  if (outcome === 'misconfigured' && !again) ports.suspect(target.identity);
  const requestId = headers['x-amzn-requestid'];
  const message = requestId === undefined ? error.message : `${error.message} (AWS request ${requestId})`;
  return { result: { outcome, error: { ...error, message }, ...(answer && { answer }), sent: true }, again };
}

function misconfigured(type: string, message: string): Unfinished {
  return { outcome: 'misconfigured', error: { type, message }, sent: false };
}

function noCredentials({ identity, region }: Target): Unfinished {
  const mend = 'state credentials for the region, or give this process a role';
  return misconfigured('NoCredentials', `${identity} has no usable credentials for ${region}; ${mend}`);
}
