import type { FastifyInstance } from 'fastify';
import type { GatewayError } from '../core/errors.ts';
import type { Answer } from '../core/result.ts';
import { encodeFrame } from '../wire/event-stream.ts';
import { parseObject } from '../wire/json-object.ts';
import { invokeHandler } from './invoke.ts';
import type { InvokePorts, InvokeProtocol } from './invoke-ports.ts';
import { noSubstitute, type StreamEncoding } from './streamed.ts';

/** What the errors are called that SageMaker Runtime names otherwise (service model of Bedrock Runtime). */
const bedrockTypes: Readonly<Record<string, string>> = {
  ValidationError: 'ValidationException',
  InternalFailure: 'InternalServerException',
  ServiceUnavailable: 'ServiceUnavailableException',
  ModelError: 'ModelErrorException',
  ModelStreamError: 'ModelStreamErrorException',
};

const eventStreamType = 'application/vnd.amazon.eventstream';

const invoke: InvokeProtocol = {
  name: 'bedrock',
  operation: 'invoke',
  error: renderBedrockError,
  refusal: renderRefusal,
  streaming: () => undefined,
};
const converse: InvokeProtocol = { ...invoke, operation: 'converse' };

/** ConverseStream's events, as they came. */
const converseStream: StreamEncoding = {
  acceptHeader: 'accept',
  required: true,
  headers: own => ({ ...own, 'content-type': eventStreamType }),
  event: ({ frame }) => frame,
  whole: answer => ({ ...answer, headers: converseStream.headers(answer.headers), body: wholeMessage(answer.body) }),
  failure: error => exception(error),
};

/** InvokeModelWithResponseStream's chunks; what came in another service's frames is put into these. */
const modelStream: StreamEncoding = {
  ...converseStream,
  acceptHeader: 'x-amzn-bedrock-accept',
  headers: ({ 'content-type': contentType, ...own }) => ({
    ...own,
    'content-type': eventStreamType,
    ...(contentType !== undefined && { 'x-amzn-bedrock-content-type': contentType }),
  }),
  event: ({ frame, payload }, framing) => (framing === 'bedrock' ? frame : chunk(payload)),
  whole: answer => ({ ...answer, headers: modelStream.headers(answer.headers), body: chunk(answer.body) }),
};

/** Bedrock Runtime's operations, for AWS SDKs with another endpoint URL. The model id is a model's name or alias. */
export function bedrockRoutes(server: FastifyInstance, ports: InvokePorts): void {
  const route = (operation: string, protocol: InvokeProtocol) =>
    server.post(`/model/:model/${operation}`, invokeHandler(ports, protocol));
  route('invoke', invoke);
  route('invoke-with-response-stream', { ...invoke, streaming: () => modelStream });
  route('converse', converse);
  route('converse-stream', { ...converse, streaming: () => converseStream });
  route('count-tokens', { ...invoke, operation: 'count-tokens' });
}

/** The shape AWS SDKs parse, with Bedrock's names and its lower-case `message`. */
export function renderBedrockError(error: GatewayError): { headers: Record<string, string>; body: string } {
  const type = typeOf(error);
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amzn-errortype': type };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return { headers, body: JSON.stringify({ message: error.message }) };
}

function typeOf({ code, awsType }: GatewayError): string {
  return code === 'unknown-model' ? 'ResourceNotFoundException' : (bedrockTypes[awsType] ?? awsType);
}

/** A model's or its service's refusal; SageMaker's types are translated, so that Bedrock's clients know them. */
function renderRefusal(answer: Answer): Answer {
  const { refusal } = answer;
  if (refusal === undefined) return answer;
  const type = bedrockTypes[refusal.type] ?? refusal.type;
  const body = { message: refusal.message, originalStatusCode: refusal.originalStatus };
  return {
    ...answer,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: Buffer.from(JSON.stringify(body)),
  };
}

function event(type: string, members: object): Buffer {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' };
  return encodeFrame(headers, Buffer.from(JSON.stringify(members)));
}

function chunk(payload: Buffer): Buffer {
  return event('chunk', { bytes: payload.toString('base64') });
}

/** Within a stream the names begin in lower case. */
function exception(error: GatewayError): Buffer {
  const type = typeOf(error);
  const headers = {
    ':exception-type': type.slice(0, 1).toLowerCase() + type.slice(1),
    ':content-type': 'application/json',
    ':message-type': 'exception',
  };
  return encodeFrame(headers, Buffer.from(JSON.stringify({ message: error.message })));
}

interface WholeAnswer {
  readonly output: { readonly message?: { readonly role?: string; readonly content?: readonly ContentBlock[] } };
  readonly stopReason: string;
  readonly usage: object;
  readonly metrics: object;
}

interface ContentBlock {
  readonly text?: string;
  readonly toolUse?: { readonly toolUseId: string; readonly name: string; readonly input: unknown };
}

/** A whole Converse answer, such as a substitute, as the events of a stream. */
function wholeMessage(body: Buffer): Buffer {
  const { output, stopReason, usage, metrics } = (parseObject(body) ?? {}) as Partial<WholeAnswer>;
  const { role, content } = output?.message ?? {};
  if (role === undefined || !Array.isArray(content)) throw noSubstitute();
  return Buffer.concat([
    event('messageStart', { role }),
    ...content.flatMap(blockEvents),
    event('messageStop', { stopReason }),
    event('metadata', { usage, metrics }),
  ]);
}

function blockEvents({ text, toolUse }: ContentBlock, contentBlockIndex: number): Buffer[] {
  const stop = event('contentBlockStop', { contentBlockIndex });
  if (toolUse === undefined)
    return [event('contentBlockDelta', { contentBlockIndex, delta: { text: text ?? '' } }), stop];
  const { input, ...start } = toolUse;
  return [
    event('contentBlockStart', { contentBlockIndex, start: { toolUse: start } }),
    event('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input: JSON.stringify(input) } } }),
    stop,
  ];
}
