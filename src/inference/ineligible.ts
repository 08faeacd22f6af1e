import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Exclusion, Router } from '../routing/router.ts';

/** What a caller can do about each reason that no state of health will change. */
const mends: Partial<Record<Exclusion, string>> = {
  residency: 'none is in a residency class that the model, the API key and x-meridian-residency all allow',
  'pinned-elsewhere': 'none is in the region that x-meridian-region asks for',
  'region-excluded': 'x-meridian-region excludes the rest',
  'other-operation':
    'their kind of target does not do what is asked (converse and count-tokens need Bedrock; chat and embeddings Bedrock or `api: openai`; infer the model’s `tensors`)',
  'only-queued': 'they take asynchronous calls only: POST to async-invocations, or make a job of it',
  'no-queue': 'their kind of endpoint takes no asynchronous calls',
  'input-elsewhere': 'none is in the region that holds the input',
  'no-streaming': 'their kind of endpoint does not stream: ask for a whole answer',
  'body-too-large': 'the body is too large for them: send less per call',
  'needs-target-model': 'they serve many models: name one with X-Amzn-SageMaker-Target-Model',
  'other-target-model': 'none serves the target model that X-Amzn-SageMaker-Target-Model names',
  'other-variant': 'none has the production variant asked for, or callers may not name one',
  'other-component': 'none has the inference component asked for, or callers may not name one',
};

/** The error for a request that no target of the model may ever serve, with the reasons found. */
export function nothingEligible(router: Router, model: Model, request: InferenceRequest): GatewayError {
  const excluded = model.versions.flatMap(version => router.route(model, version, request).excluded);
  const reasons = [...new Set(excluded.map(({ why }) => mends[why]))].filter(reason => reason !== undefined);
  return new GatewayError(
    'no-eligible-target',
    `No target of ${model.name} may serve this request: ${reasons.join('; ')}.`,
  );
}
