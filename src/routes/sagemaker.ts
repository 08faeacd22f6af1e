import type { FastifyInstance } from 'fastify';
import type { GatewayError } from '../core/errors.ts';
import { type InvokePorts, type InvokeProtocol, invokeHandler } from './invoke.ts';

const sagemaker: InvokeProtocol = { name: 'sagemaker', error: renderAwsError, refusal: answer => answer };

/** `POST /endpoints/{model}/invocations`: SageMaker Runtime's InvokeEndpoint, for AWS SDKs with another endpoint URL. */
export function sagemakerRoutes(server: FastifyInstance, ports: InvokePorts): void {
  server.post('/endpoints/:model/invocations', invokeHandler(ports, sagemaker));
}

/** The shape AWS SDKs parse: error type in a header, `Message` in a JSON body (rest-json; botocore parsers). */
export function renderAwsError(error: GatewayError): { headers: Record<string, string>; body: string } {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amzn-errortype': error.awsType };
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  return { headers, body: JSON.stringify({ Message: error.message }) };
}
