import type { AwsPorts } from './aws-call.ts';
import type { Backend } from './backend.ts';
import { refusedLocally } from './local-refusal.ts';
import { invokeEndpoint } from './sagemaker-invoke.ts';

/** Asynchronous endpoints: the answer is a receipt, and the result is written to S3 later. They take no other calls. */
export function sagemakerAsync(ports: AwsPorts): Backend {
  return {
    invoke(target, request, limits) {
      if (request.queued === undefined)
        return Promise.resolve(refusedLocally(400, 'This endpoint takes asynchronous invocations only.'));
      return invokeEndpoint(ports, target, request, limits);
    },
  };
}
