import type { AwsPorts } from './aws-call.ts';
import type { Backend } from './backend.ts';
import { refusedLocally } from './local-refusal.ts';
import { invokeEndpoint } from './sagemaker-invoke.ts';

/** Multi-model endpoints: every call names a model, and one that is still being loaded answers `cold`. */
export function sagemakerMultiModel(ports: AwsPorts): Backend {
  return {
    invoke(target, request, limits) {
      if (target.targetModel === undefined && request.fields.targetModel === undefined)
        return Promise.resolve(refusedLocally(400, 'Name a model in X-Amzn-SageMaker-Target-Model.'));
      return invokeEndpoint(ports, target, request, limits);
    },
  };
}
