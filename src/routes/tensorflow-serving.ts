import type { FastifyInstance } from 'fastify';
import { invokeHandler } from './invoke.ts';
import type { InvokePorts, InvokeProtocol } from './invoke-ports.ts';
import { renderOpenInferenceError, renderOpenInferenceRefusal } from './open-inference.ts';

/**
 * TensorFlow Serving's RESTful API, its predict method: SageMaker's TensorFlow containers, and all that take
 * `{"instances":[…]}`, speak the same JSON, so the bytes go through untouched. Errors are `{"error":"…"}`.
 */
const predict: InvokeProtocol = {
  name: 'tensorflow-serving',
  operation: 'invoke',
  contentType: 'application/json', // its clients send others, which TensorFlow Serving does not look at
  error: renderOpenInferenceError,
  refusal: renderOpenInferenceRefusal,
  streaming: () => undefined,
};

/** `POST /v1/models/{model}:predict`, and a version's own. */
export function tensorFlowRoutes(server: FastifyInstance, ports: InvokePorts): void {
  server.post('/v1/models/:model([^/]+)::predict', invokeHandler(ports, predict));
  server.post('/v1/models/:model/versions/:version([^/]+)::predict', invokeHandler(ports, predict));
}
