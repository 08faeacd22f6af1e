import type { AwsPorts } from './aws-call.ts';
import type { Backend } from './backend.ts';
import { invokeEndpoint } from './sagemaker-invoke.ts';

/** Real-time endpoints: InvokeEndpoint as it is. A loading inference component answers `cold`. */
export function sagemakerRealtime(ports: AwsPorts): Backend {
  return { invoke: (target, request, limits) => invokeEndpoint(ports, target, request, limits) };
}
