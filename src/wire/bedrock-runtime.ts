import type { InvokeFields } from '../core/request.ts';
import type { WireOperation } from './aws-operation.ts';

/** Model ids hold `:` and ARNs `/`: both are encoded, as the SDKs do. */
function path(operation: string): WireOperation['path'] {
  return modelId => `/model/${encodeURIComponent(modelId)}/${operation}`;
}

/** Sorted by name, as SigV4 wants them (Bedrock Runtime service model 2023-09-30). */
const guardedHeaders = [
  ['x-amzn-bedrock-guardrailidentifier', 'guardrailIdentifier'],
  ['x-amzn-bedrock-guardrailversion', 'guardrailVersion'],
  ['x-amzn-bedrock-performanceconfig-latency', 'performanceLatency'],
  ['x-amzn-bedrock-request-metadata', 'requestMetadata'],
  ['x-amzn-bedrock-service-tier', 'serviceTier'],
  ['x-amzn-bedrock-trace', 'trace'],
] as const satisfies readonly (readonly [string, keyof InvokeFields])[];

/** What the answers to InvokeModel say beside the body; the counts and the latency are outside the service model. */
const answerHeaders = [
  ['x-amzn-bedrock-performanceconfig-latency', 64],
  ['x-amzn-bedrock-service-tier', 64],
  ['x-amzn-bedrock-input-token-count', 16],
  ['x-amzn-bedrock-output-token-count', 16],
  ['x-amzn-bedrock-cache-read-input-token-count', 16],
  ['x-amzn-bedrock-cache-write-input-token-count', 16],
  ['x-amzn-bedrock-invocation-latency', 16],
] as const;

const json: Pick<WireOperation, 'requestHeaders' | 'responseHeaders'> = {
  requestHeaders: [['content-type', 'contentType']],
  responseHeaders: [['content-type', 1024]],
};

/** InvokeModel. */
export const invokeModel: WireOperation = {
  path: path('invoke'),
  requestHeaders: [['accept', 'accept'], ['content-type', 'contentType'], ...guardedHeaders],
  responseHeaders: [['content-type', 1024], ...answerHeaders],
};

/** InvokeModelWithResponseStream; its `accept` and content type have other names. */
export const invokeModelStream: WireOperation = {
  path: path('invoke-with-response-stream'),
  requestHeaders: [['content-type', 'contentType'], ['x-amzn-bedrock-accept', 'accept'], ...guardedHeaders],
  responseHeaders: [['x-amzn-bedrock-content-type', 1024, 'content-type'], ...answerHeaders],
};

/** Converse. */
export const converse: WireOperation = { path: path('converse'), ...json };

/** ConverseStream; its events are JSON whatever the caller accepts. */
export const converseStream: WireOperation = { path: path('converse-stream'), ...json, responseHeaders: [] };

/** CountTokens. */
export const countTokens: WireOperation = { path: path('count-tokens'), ...json };
