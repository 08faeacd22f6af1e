import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';
import { bedrockException } from './bedrock/bedrock-error.ts';
import { type BedrockCall, type BedrockService, bedrockOperations } from './bedrock/bedrock-service.ts';
import { type Clock, sleep } from './clock.ts';
import { type ControlPlane, isForControlPlane } from './control-plane/control-plane.ts';
import { realTimePayloadBytes } from './endpoints/endpoint.ts';
import type { FaultBoard } from './faults.ts';
import { type Random, uuid } from './random.ts';
import type { InvokeCall, RuntimeService } from './runtime-service.ts';
import { isForS3, type S3Service } from './s3/s3-service.ts';
import type { SignedRequest } from './sigv4-canonical.ts';
import { certificatePath, snsSigner } from './sns-signing.ts';
import { countRequest, noRequests, type RequestCounts } from './stats.ts';
import { sendFrames, streamException, streamFaults } from './streamed.ts';
import type { StsService } from './sts-service.ts';
import type { Timing } from './timing.ts';
import { type Answer, readBody, send, sendHalf } from './wire.ts';

export interface RegionHandlerParts {
  readonly region: string;
  readonly endpointNames: readonly string[];
  readonly runtime: RuntimeService;
  readonly bedrock: BedrockService;
  readonly sts: StsService;
  readonly s3: S3Service;
  readonly controlPlane: ControlPlane;
  readonly faults: FaultBoard;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly requestIds: Random;
  /** The region's own clock, which a fault may skew. */
  wallMs(): number;
}

/** What was seen, by whom it was for. */
export interface RegionCounts {
  readonly all: RequestCounts;
  readonly sts: RequestCounts;
  readonly endpoints: Record<string, RequestCounts>;
}

export interface RegionHandler {
  readonly counts: RegionCounts;
  /** Counts an endpoint that was not there at the start. */
  countFor(endpoint: string): void;
  /** Answers one request, late, half or never where a fault says so. Rejects when the client leaves while it sends. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const invocationPath = /^\/endpoints\/([^/]*)\/(invocations|invocations-response-stream|async-invocations)$/;
const operations = {
  invocations: 'whole',
  'invocations-response-stream': 'streamed',
  'async-invocations': 'async',
} as const;
const bedrockPath = new RegExp(`^/model/([^/]+)/(${bedrockOperations.join('|')})$`);
/** Larger single uploads are refused, as everything is held in memory. */
const uploadBytes = 256 * 1024 * 1024;

/** Median time between two events of a streamed answer. */
const eventMs = 2;

/** The HTTP side of a region: which service is meant, what faults do to the answer, and the count of both. */
export function createRegionHandler(parts: RegionHandlerParts): RegionHandler {
  const { region, faults, clock, timing } = parts;
  const counts: RegionCounts = {
    all: noRequests(),
    sts: noRequests(),
    endpoints: Object.fromEntries(parts.endpointNames.map(name => [name, noRequests()])),
  };
  return {
    counts,
    countFor: endpoint => {
      counts.endpoints[endpoint] ??= noRequests();
    },
    handle: async (request, response) => {
      const target = request.url ?? '/';
      const isS3 = isForS3(target, request.headersDistinct);
      const isSts = target === '/' && !isS3 && !isForControlPlane(request.headersDistinct);
      const meant = isS3 ? undefined : whatIsMeant(target.split('?')[0] ?? '');
      const endpoint = meant?.endpoint;
      const ended = countRequest(countersOf(counts, isSts, endpoint));
      response.once('close', () => ended(response.writableFinished ? String(response.statusCode) : 'cut'));
      const requestId = uuid(parts.requestIds);
      response.sendDate = false; // the region's clock is not the host's
      response.setHeader('x-amzn-RequestId', requestId);
      if (faults.hit(region, 'black-hole', endpoint) || (isSts && faults.hit(region, 'sts-hang'))) {
        request.resume();
        return;
      }
      const body = await readBody(request, isS3 ? uploadBytes : realTimePayloadBytes);
      await sleep(clock, timing.roundTripMs(endpoint));
      const isCut =
        endpoint === undefined
          ? isForControlPlane(request.headersDistinct) && faults.hit(region, 'control-cut') !== undefined
          : faults.hit(region, 'reset', endpoint) !== undefined;
      const signed = { method: request.method ?? '', target, headers: request.headersDistinct, body };
      const whole = await answer(signed, meant, requestId, parts).catch(errorAnswer);
      // Of the time the answer was made, so that a refused signature comes with the clock that refused it.
      response.setHeader('date', new Date(parts.wallMs()).toUTCString());
      if (whole.frames !== undefined && meant !== undefined) {
        const medianMs = meant.bedrock === undefined ? eventMs : parts.bedrock.tokenMs(meant.endpoint);
        const pace = () => sleep(clock, timing.workMs(medianMs, meant.endpoint));
        const end = meant.bedrock === undefined ? streamException : bedrockException;
        await sendFrames(response, whole, whole.frames, streamFaults(faults, region, meant.endpoint, isCut), pace, end);
      } else (isCut ? sendHalf : send)(response, whole);
    },
  };
}

/** What a path asks for; `endpoint` is the SageMaker endpoint's name or the Bedrock model's id. */
interface Meant {
  readonly endpoint: string;
  readonly invoke?: InvokeCall;
  readonly bedrock?: BedrockCall;
}

function whatIsMeant(path: string): Meant | undefined {
  const [, endpoint, invoked] = invocationPath.exec(path) ?? [];
  if (endpoint !== undefined)
    return { endpoint, invoke: { endpoint, operation: operations[invoked as keyof typeof operations] } };
  const [, encoded, named] = bedrockPath.exec(path) ?? [];
  const operation = bedrockOperations.find(known => known === named);
  if (encoded === undefined || operation === undefined) return undefined;
  const modelId = decoded(encoded);
  return { endpoint: modelId, bedrock: { modelId, operation } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type ReadRequest = Omit<SignedRequest, 'body'> & { readonly body: Buffer | undefined };

async function answer(
  request: ReadRequest,
  meant: Meant | undefined,
  requestId: string,
  { runtime, bedrock, sts, s3, controlPlane }: RegionHandlerParts,
): Promise<Answer> {
  const { method, target, body } = request;
  if (body === undefined)
    throw new AwsError('RequestEntityTooLarge', `HTTP content length exceeded ${realTimePayloadBytes} bytes.`);
  if (isForS3(target, request.headers)) return s3.answer({ ...request, body }, requestId);
  if (method === 'GET' && target === certificatePath)
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from(snsSigner().certificate()) };
  if (method === 'POST' && target === '/' && isForControlPlane(request.headers))
    return controlPlane.answer({ ...request, body });
  if (method === 'POST' && target === '/') return sts.answer({ ...request, body }, requestId);
  if (method === 'POST' && meant?.invoke !== undefined)
    return runtime.invoke({ ...request, body }, meant.invoke, requestId);
  if (method === 'POST' && meant?.bedrock !== undefined) return bedrock.answer({ ...request, body }, meant.bedrock);
  throw new AwsError('UnknownOperationException', `No operation answers ${method} ${target}.`);
}

function errorAnswer(error: unknown): Answer {
  if (!(error instanceof AwsError)) console.error('simulator: unexpected error', error);
  const known =
    error instanceof AwsError ? error : new AwsError('InternalFailure', 'The simulator failed; its log says why.');
  return { status: known.status, headers: known.headers(), body: known.body() };
}

function countersOf(
  { all, sts, endpoints }: RegionCounts,
  isSts: boolean,
  endpoint: string | undefined,
): RequestCounts[] {
  if (isSts) return [all, sts];
  const own = endpoint !== undefined && Object.hasOwn(endpoints, endpoint) ? endpoints[endpoint] : undefined;
  return own === undefined ? [all] : [all, own];
}
