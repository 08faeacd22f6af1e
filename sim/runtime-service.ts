import { asyncHeaders, readAsyncFields } from './async-fields.ts';
import { AwsError, type AwsErrorType, modelError, validationError } from './aws-error.ts';
import type { Endpoint, Invocation, Invoked } from './endpoints/endpoint.ts';
import { payloadPart } from './event-stream.ts';
import { isAwsErrorType } from './fault-spec.ts';
import type { FaultBoard } from './faults.ts';
import { checkEndpointName, type InvokeFields, readInvokeFields } from './invoke-fields.ts';
import type { Principal, Principals } from './principals.ts';
import type { StickySessions } from './sessions.ts';
import { SignatureError, type SignatureProblem, verifySignature } from './sigv4.ts';
import type { SignedRequest } from './sigv4-canonical.ts';
import type { Answer } from './wire.ts';

/** What SageMaker Runtime in one region is made of. */
export interface RuntimeServiceParts {
  readonly region: string;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly principals: Principals;
  readonly sessions: StickySessions;
  readonly faults: FaultBoard;
  /** The region's own clock, which a fault may skew. */
  wallMs(): number;
}

type Headers = SignedRequest['headers'];

export interface InvokeCall {
  /** As in the path. */
  readonly endpoint: string;
  readonly operation: 'whole' | 'streamed' | 'async';
}

export interface RuntimeService {
  /** Answers `InvokeEndpoint` and its streamed and async siblings; throws AwsError. */
  invoke(request: SignedRequest, call: InvokeCall, requestId: string): Promise<Answer>;
}

/** A container of the simulator ends a sticky session when the caller sends this custom attribute. */
const closeSession = 'close-session';

const signatureErrors: Readonly<Record<SignatureProblem, AwsErrorType>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignature',
  'unknown-key': 'UnrecognizedClientException',
  'expired-token': 'ExpiredTokenException',
  invalid: 'InvalidSignatureException',
};

/** SageMaker Runtime as its API reference describes it: signature, permission, headers, then the endpoint. */
export function createRuntimeService(parts: RuntimeServiceParts): RuntimeService {
  const { region, endpoints, sessions, faults } = parts;
  return {
    invoke: async (request, call, requestId) => {
      const principal = authenticate(request, parts);
      const { account } = principal;
      const name = checkEndpointName(call.endpoint);
      authorize(principal, region, name);
      const fields = readInvokeFields(operations[call.operation](request.headers));
      const endpoint = endpoints.get(name);
      if (endpoint === undefined) throw validationError(`Endpoint ${name} of account ${account} not found.`);
      throwFault(faults, region, name, account);
      if (request.body.length > endpoint.maxPayloadBytes)
        throw validationError(`Request ${requestId} has oversize body.`);
      if (call.operation === 'async')
        return invokeAsync(endpoint, { endpoint: name, account, body: request.body, fields }, request);
      const session = sessionHeaders(sessions, endpoint, fields);
      const invoked = await endpoint.invoke({ endpoint: name, account, body: request.body, fields });
      const body = checkOutput(invoked, endpoint, { region, endpoint: name, account });
      const answer = { status: 200, headers: { ...answerHeaders(invoked, fields), ...session() }, body };
      return call.operation === 'streamed' ? asEventStream(answer, invoked.output) : answer;
    },
  };
}

/** How each operation names the headers they share. */
const operations: Readonly<Record<InvokeCall['operation'], (headers: Headers) => Headers>> = {
  whole: headers => headers,
  streamed: streamHeaders,
  async: asyncHeaders,
};

/** `InvokeEndpointAsync`: accepted into the endpoint's queue, or refused. */
function invokeAsync(endpoint: Endpoint, invocation: Invocation, request: SignedRequest): Answer {
  if (endpoint.invokeAsync === undefined)
    throw validationError(`Endpoint ${invocation.endpoint} does not support asynchronous invocations.`);
  const accepted = endpoint.invokeAsync({ ...invocation, asynchronous: readAsyncFields(request.headers) });
  return {
    status: 202,
    headers: {
      'Content-Type': 'application/json',
      'X-Amzn-SageMaker-OutputLocation': accepted.outputLocation,
      'X-Amzn-SageMaker-FailureLocation': accepted.failureLocation,
    },
    body: Buffer.from(JSON.stringify({ InferenceId: accepted.inferenceId })),
  };
}

function authenticate(request: SignedRequest, { region, principals, wallMs }: RuntimeServiceParts): Principal {
  try {
    return verifySignature(request, { region, service: 'sagemaker' }, wallMs(), principals);
  } catch (error) {
    throw error instanceof SignatureError ? new AwsError(signatureErrors[error.problem], error.message) : error;
  }
}

function authorize({ mayInvoke, arn, account }: Principal, region: string, endpoint: string): void {
  if (mayInvoke) return;
  const resource = `arn:aws:sagemaker:${region}:${account}:endpoint/${endpoint}`;
  throw new AwsError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: sagemaker:InvokeEndpoint on resource: ${resource} because no identity-based policy allows the sagemaker:InvokeEndpoint action`,
  );
}

function throwFault(faults: FaultBoard, region: string, endpoint: string, account: string): void {
  if (faults.hit(region, 'throttle', endpoint)) throw new AwsError('ThrottlingException', 'Rate exceeded');
  // A flapping region shuts its port; only a flapping endpoint answers.
  if (faults.hit(region, 'flap', endpoint)?.endpoint !== undefined)
    throw new AwsError('ServiceUnavailable', 'The service is temporarily unavailable.');
  const fault = faults.hit(region, 'error', endpoint);
  if (fault === undefined) return;
  const type = fault.errorType ?? 'InternalFailure';
  if (type === 'ModelError') throw modelError({ region, endpoint, account }, 500, 'injected fault');
  throw new AwsError(isAwsErrorType(type) ? type : 'InternalFailure', 'injected fault');
}

/** Checks the session header now; what the answer says of it is known once the call succeeded. */
function sessionHeaders(sessions: StickySessions, endpoint: Endpoint, { sessionId, customAttributes }: InvokeFields) {
  const none: () => Record<string, string> = () => ({});
  if (sessionId === undefined || !endpoint.sessions) return none;
  if (sessionId === 'NEW_SESSION') {
    return () => {
      const { id, expiresAtMs } = sessions.open(endpoint.name);
      const expires = new Date(expiresAtMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
      return { 'X-Amzn-SageMaker-New-Session-Id': `${id}; Expires=${expires}` };
    };
  }
  sessions.check(sessionId, endpoint.name);
  if (customAttributes !== closeSession) return none;
  return () => {
    sessions.close(sessionId);
    return { 'X-Amzn-SageMaker-Closed-Session-Id': sessionId };
  };
}

/** The one header that has another name in the streamed operation; what it does not know is dropped, as SageMaker does. */
function streamHeaders(headers: Headers): Headers {
  const { accept: _, 'x-amzn-sagemaker-accept': accept, 'x-amzn-sagemaker-target-model': __, ...others } = headers;
  return accept === undefined ? others : { ...others, accept };
}

/** Every piece the container wrote, as a `PayloadPart` event. */
function asEventStream({ status, headers, body }: Answer, { chunks = [body] }: Invoked['output']): Answer {
  const { 'Content-Type': contentType = '', ...others } = headers;
  return {
    status,
    headers: {
      ...others,
      'Content-Type': 'application/vnd.amazon.eventstream',
      'X-Amzn-SageMaker-Content-Type': contentType,
    },
    body,
    frames: chunks.map(payloadPart),
  };
}

function checkOutput({ output }: Invoked, endpoint: Endpoint, place: Parameters<typeof modelError>[0]): Buffer {
  if (output.status >= 400) throw modelError(place, output.status, output.body.toString());
  if (output.body.length > endpoint.maxPayloadBytes)
    throw modelError(place, 500, 'The response body is larger than the payload limit.');
  return output.body;
}

/** Custom attributes go to the container and come back from it; the containers here return them as they are. */
function answerHeaders({ output, variant }: Invoked, { customAttributes }: InvokeFields): Record<string, string> {
  const attributes =
    customAttributes === undefined ? undefined : { 'X-Amzn-SageMaker-Custom-Attributes': customAttributes };
  return { 'Content-Type': output.contentType, 'x-Amzn-Invoked-Production-Variant': variant, ...attributes };
}
