import type { FastifyInstance } from 'fastify';
import type { GatewayError } from '../core/errors.ts';
import { encodeFrame } from '../wire/event-stream.ts';
import { invokeHandler } from './invoke.ts';
import type { InvokePorts, InvokeProtocol } from './invoke-ports.ts';
import type { StreamEncoding } from './streamed.ts';

/** The event stream of InvokeEndpointWithResponseStream: events pass as they came. */
const eventStream: StreamEncoding = {
  acceptHeader: 'x-amzn-sagemaker-accept',
  required: true,
  headers: ({ 'content-type': contentType, ...own }) => ({
    ...own,
    'content-type': 'application/vnd.amazon.eventstream',
    ...(contentType !== undefined && { 'x-amzn-sagemaker-content-type': contentType }),
  }),
  event: ({ frame, payload }, framing) => (framing === 'sagemaker' ? frame : payloadPart(payload)),
  whole: answer => ({ ...answer, headers: eventStream.headers(answer.headers), body: payloadPart(answer.body) }),
  failure: ({ awsType, message }) => {
    const headers = {
      ':exception-type': awsType,
      ':content-type': 'application/json',
      ':message-type': 'exception',
    };
    return encodeFrame(headers, Buffer.from(JSON.stringify({ Message: message, ErrorCode: awsType })));
  },
};

const sagemaker: InvokeProtocol = {
  name: 'sagemaker',
  operation: 'invoke',
  error: renderAwsError,
  refusal: answer => answer,
  streaming: () => undefined,
};

/** SageMaker Runtime's InvokeEndpoint, InvokeEndpointWithResponseStream and InvokeEndpointAsync, for AWS SDKs with another endpoint URL. */
export function sagemakerRoutes(server: FastifyInstance, ports: InvokePorts): void {
  server.post('/endpoints/:model/invocations', invokeHandler(ports, sagemaker));
  const fieldNames = { accept: 'x-amzn-sagemaker-accept', contentType: 'x-amzn-sagemaker-content-type' };
  server.post('/endpoints/:model/async-invocations', invokeHandler(ports, { ...sagemaker, queued: true, fieldNames }));
  const streaming = { ...sagemaker, streaming: () => eventStream };
  server.post('/endpoints/:model/invocations-response-stream', invokeHandler(ports, streaming));
}

function payloadPart(payload: Buffer): Buffer {
  return encodeFrame(
    { ':event-type': 'PayloadPart', ':content-type': 'application/octet-stream', ':message-type': 'event' },
    payload,
  );
}

/** The shape AWS SDKs parse: error type in a header, `Message` in a JSON body (rest-json; botocore parsers). */
export function renderAwsError(error: GatewayError): { headers: Record<string, string>; body: string } {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amzn-errortype': error.awsType };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return { headers, body: JSON.stringify({ Message: error.message }) };
}
