import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Permission } from '../core/operation.ts';
import type { InferenceRequest } from '../core/request.ts';
import { kindTraits } from '../core/target.ts';
import { identify, permit, takeBody } from './admit.ts';
import { type HeldBody, tooLarge } from './body.ts';
import type { Call } from './call.ts';
import { readFields, readHints } from './fields.ts';
import type { Asked, InvokePorts, InvokeProtocol } from './invoke-ports.ts';
import { readAsked } from './parsed-body.ts';
import type { StreamEncoding } from './streamed.ts';

/** A call that may be served, and how its answer goes out if it is streamed. */
export interface Accepted {
  readonly model: Model;
  readonly request: InferenceRequest;
  readonly encoding: StreamEncoding | undefined;
}

/** For bodies that name their model themselves: no model takes more (`maxRequestBytes`). */
const longestUnnamedBytes = 26_214_400;

/** Who, what, may they, then the bytes; a model that the body names is known only after them. Throws a `GatewayError`. */
export async function accept(
  ports: InvokePorts,
  call: Call,
  protocol: InvokeProtocol,
  named: { readonly model?: string; readonly version?: string },
  message: IncomingMessage,
  signal: AbortSignal,
): Promise<Accepted> {
  const { headers } = message;
  identify(ports, call, message);
  const { model: name, version } = named;
  if (name !== undefined) {
    const encoding = protocol.streaming(headers);
    const model = await permitted(ports, call, message, name, permissionOf(protocol, encoding));
    const make = prepare(call, protocol, model, headers, name, encoding, signal);
    const request = make(await takeBody(ports, call, message, model.maxRequestBytes));
    if (protocol.queued) return { model, encoding, request: asQueued(ports, request) };
    const asked = readAsked(ports, call, protocol, request.body, headers);
    return { model, encoding, request: withAsked(request, asked, version) };
  }
  const body = await takeBody(ports, call, message, longestUnnamedBytes);
  const asked = readAsked(ports, call, protocol, body.bytes, headers);
  if (asked?.model === undefined) throw new Error(`nothing names the model of a call of ${protocol.name}`);
  const encoding = asked.streaming;
  const model = await permit(ports, call, asked.model, permissionOf(protocol, encoding));
  if (body.bytes.length > model.maxRequestBytes) throw tooLarge(model.maxRequestBytes);
  const request = prepare(call, protocol, model, headers, asked.model, encoding, signal)(body);
  return { model, encoding, request: withAsked(request, asked, undefined) };
}

/** As `permit`; who is not proven yet has to prove it before it learns which models there are, and who may call them. */
async function permitted(
  ports: InvokePorts,
  call: Call,
  message: IncomingMessage,
  name: string,
  permission: Permission,
): Promise<Model> {
  try {
    return await permit(ports, call, name, permission);
  } catch (refusal) {
    if (call.caller === undefined) await takeBody(ports, call, message, longestUnnamedBytes);
    throw refusal;
  }
}

/** What the caller's tenant has to be allowed. */
function permissionOf({ operation, queued }: InvokeProtocol, encoding: StreamEncoding | undefined): Permission {
  if (queued) return 'queue';
  return operation === 'invoke' && encoding !== undefined ? 'stream' : operation;
}

/** Reads what the headers say, before any byte of the body where the model is known by then. */
function prepare(
  call: Call,
  { operation, fieldNames, contentType }: InvokeProtocol,
  model: Model,
  headers: IncomingHttpHeaders,
  calledBy: string,
  encoding: StreamEncoding | undefined,
  signal: AbortSignal,
): (body: HeldBody) => InferenceRequest {
  const told = readFields(headers, { ...fieldNames, ...(encoding && { accept: encoding.acceptHeader }) });
  const fields = contentType === undefined ? told : { ...told, contentType };
  const hints = readHints(headers, calledBy);
  const invocationId = headers['amz-sdk-invocation-id'];
  return body => ({
    id: call.requestId,
    model: model.name,
    operation,
    body: body.bytes,
    bodySha256: body.sha256,
    fields,
    hints,
    caller: call.caller as NonNullable<Call['caller']>,
    ...(typeof invocationId === 'string' && invocationId.length <= 64 && { invocationId }),
    clientAttempt: call.clientAttempt,
    ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
    arrivedAt: call.arrivedAt,
    streaming: encoding !== undefined && (encoding.required || streams(model)),
    signal,
  });
}

/** An asynchronous call names exactly one input: its body, or a location. Nothing can stand in for its receipt. */
function asQueued(ports: InvokePorts, request: InferenceRequest): InferenceRequest {
  const { body, fields, caller, hints } = request;
  const { inputLocation } = fields;
  if (body.length > 0 === (inputLocation !== undefined))
    throw new GatewayError('invalid-request', 'Send either a body or X-Amzn-SageMaker-InputLocation, and not both.');
  const queued = inputLocation === undefined ? {} : { inputs: ports.inputPlaces(inputLocation, caller) };
  return { ...request, hints: { ...hints, fallback: 'none' }, queued };
}

function withAsked(request: InferenceRequest, asked: Asked | undefined, version: string | undefined): InferenceRequest {
  if (asked === undefined && version === undefined) return request;
  const { json, session, binary } = asked ?? {};
  const hints = {
    ...(session !== undefined && { session }),
    ...request.hints,
    ...(version !== undefined && { version }),
  };
  return { ...request, hints, ...(json !== undefined && { json }), ...(binary && { binary }) };
}

/** Whether some target of the model can answer event by event. */
function streams({ versions }: Model): boolean {
  return versions.some(({ targets }) => targets.some(({ kind }) => kindTraits[kind].streams));
}
