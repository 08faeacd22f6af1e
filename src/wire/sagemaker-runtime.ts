import type { InvokeFields } from '../core/request.ts';
import type { WireOperation } from './aws-operation.ts';

/**
 * Request headers of InvokeEndpoint and the fields that carry them, sorted by name as SigV4 wants them
 * (SageMaker Runtime service model 2017-05-13).
 */
export const invokeRequestHeaders = [
  ['accept', 'accept'],
  ['content-type', 'contentType'],
  ['x-amzn-sagemaker-custom-attributes', 'customAttributes'],
  ['x-amzn-sagemaker-enable-explanations', 'enableExplanations'],
  ['x-amzn-sagemaker-inference-component', 'inferenceComponent'],
  ['x-amzn-sagemaker-inference-id', 'inferenceId'],
  ['x-amzn-sagemaker-prefix-aware-id', 'prefixAwareId'],
  ['x-amzn-sagemaker-session-id', 'sessionId'],
  ['x-amzn-sagemaker-target-container-hostname', 'targetContainerHostname'],
  ['x-amzn-sagemaker-target-model', 'targetModel'],
  ['x-amzn-sagemaker-target-variant', 'targetVariant'],
] as const satisfies readonly (readonly [string, keyof InvokeFields])[];

/** Response headers of InvokeEndpoint that callers may see, with the longest value taken; all others are dropped. */
const invokeResponseHeaders = [
  ['content-type', 1024],
  ['x-amzn-invoked-production-variant', 1024],
  ['x-amzn-sagemaker-custom-attributes', 1024],
  ['x-amzn-sagemaker-new-session-id', 512],
  ['x-amzn-sagemaker-closed-session-id', 512],
] as const satisfies readonly (readonly [string, number])[];

/** Request headers of InvokeEndpointWithResponseStream; it takes no target model, and its `accept` has another name. */
const streamRequestHeaders = [
  ['content-type', 'contentType'],
  ['x-amzn-sagemaker-accept', 'accept'],
  ['x-amzn-sagemaker-custom-attributes', 'customAttributes'],
  ['x-amzn-sagemaker-inference-component', 'inferenceComponent'],
  ['x-amzn-sagemaker-inference-id', 'inferenceId'],
  ['x-amzn-sagemaker-prefix-aware-id', 'prefixAwareId'],
  ['x-amzn-sagemaker-session-id', 'sessionId'],
  ['x-amzn-sagemaker-target-container-hostname', 'targetContainerHostname'],
  ['x-amzn-sagemaker-target-variant', 'targetVariant'],
] as const satisfies WireOperation['requestHeaders'];

/** InvokeEndpointAsync; its `accept` and `content-type` have other names, and no variant or component can be named. */
const asyncRequestHeaders = [
  ['x-amzn-sagemaker-accept', 'accept'],
  ['x-amzn-sagemaker-content-type', 'contentType'],
  ['x-amzn-sagemaker-custom-attributes', 'customAttributes'],
  ['x-amzn-sagemaker-filename', 'filename'],
  ['x-amzn-sagemaker-inference-id', 'inferenceId'],
  ['x-amzn-sagemaker-inputlocation', 'inputLocation'],
  ['x-amzn-sagemaker-invocationtimeoutseconds', 'invocationTimeoutSeconds'],
  ['x-amzn-sagemaker-requestttlseconds', 'requestTtlSeconds'],
  ['x-amzn-sagemaker-s3outputpathextension', 'outputPathExtension'],
] as const satisfies WireOperation['requestHeaders'];

/** InvokeEndpoint. Endpoint names hold only characters that need no encoding. */
export const invokeOperation: WireOperation = {
  path: endpoint => `/endpoints/${endpoint}/invocations`,
  requestHeaders: invokeRequestHeaders,
  responseHeaders: invokeResponseHeaders,
};

/** InvokeEndpointWithResponseStream. */
export const streamOperation: WireOperation = {
  path: endpoint => `/endpoints/${endpoint}/invocations-response-stream`,
  requestHeaders: streamRequestHeaders,
  responseHeaders: [
    ['x-amzn-sagemaker-content-type', 1024, 'content-type'],
    ['x-amzn-invoked-production-variant', 1024],
    ['x-amzn-sagemaker-custom-attributes', 1024],
  ],
};

/** Where InvokeEndpointAsync says that its result will be. */
export const outputLocationHeader = 'x-amzn-sagemaker-outputlocation';
export const failureLocationHeader = 'x-amzn-sagemaker-failurelocation';

/** InvokeEndpointAsync. */
export const asyncOperation: WireOperation = {
  path: endpoint => `/endpoints/${endpoint}/async-invocations`,
  requestHeaders: asyncRequestHeaders,
  responseHeaders: [
    ['content-type', 1024],
    [outputLocationHeader, 1024],
    [failureLocationHeader, 1024],
  ],
};
