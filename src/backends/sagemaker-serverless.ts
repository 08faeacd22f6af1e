import type { AwsPorts } from './aws-call.ts';
import type { Backend } from './backend.ts';
import { refusedLocally } from './local-refusal.ts';
import { invokeEndpoint } from './sagemaker-invoke.ts';

/**
 * Serverless endpoints: a smaller payload, and `ModelNotReadyException` (`cold`) while capacity is set up. The router
 * leaves a serverless target out for larger bodies; what comes here all the same would only be refused by AWS.
 */
export function sagemakerServerless(ports: AwsPorts): Backend {
  return {
    invoke(target, request, limits) {
      const most = target.maxRequestBytes;
      if (request.body.length > most)
        return Promise.resolve(refusedLocally(413, `A serverless endpoint takes at most ${most} bytes.`));
      return invokeEndpoint(ports, target, request, limits);
    },
  };
}
