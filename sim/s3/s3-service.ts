import type { FaultBoard } from '../faults.ts';
import type { Principals } from '../principals.ts';
import { SignatureError, type SignatureProblem, verifySignature } from '../sigv4.ts';
import type { SignedRequest } from '../sigv4-canonical.ts';
import type { Answer } from '../wire.ts';
import { bucketOperations } from './bucket-operations.ts';
import type { Multipart } from './multipart.ts';
import { objectOperations } from './object-operations.ts';
import type { ObjectStore } from './object-store.ts';
import { isS3ErrorCode, S3Error, type S3ErrorCode } from './s3-error.ts';

/** What S3 in one region is made of. */
export interface S3Parts {
  readonly region: string;
  readonly store: ObjectStore;
  readonly multipart: Multipart;
  readonly principals: Principals;
  readonly faults: FaultBoard;
  /** The region's own clock, which a fault may skew. */
  wallMs(): number;
}

/** One call, its address taken apart. */
export interface S3Call {
  readonly request: SignedRequest;
  readonly bucket: string;
  /** Empty for calls on the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
}

/** S3 in one region, path style (`/bucket/key`) and virtual-hosted (`bucket.s3.…`). Never throws. */
export interface S3Service {
  answer(request: SignedRequest, requestId: string): Answer;
}

const signatureErrors: Readonly<Record<SignatureProblem, S3ErrorCode>> = {
  missing: 'AccessDenied',
  incomplete: 'InvalidArgument',
  'unknown-key': 'InvalidAccessKeyId',
  'expired-token': 'ExpiredToken',
  invalid: 'SignatureDoesNotMatch',
};

/** Whether a request means S3: all services of a region share its port here, and the signature's scope names one. */
export function isForS3(target: string, headers: SignedRequest['headers']): boolean {
  return (
    !target.startsWith('/endpoints/') && /Credential=[^,]*\/s3\/aws4_request/.test(headers['authorization']?.[0] ?? '')
  );
}

export function createS3Service(parts: S3Parts): S3Service {
  return {
    answer: (request, requestId) => {
      try {
        authenticate(request, parts);
        const fault = parts.faults.hit(parts.region, 's3-error');
        const code = fault?.errorType ?? 'InternalError';
        if (fault !== undefined) throw new S3Error(isS3ErrorCode(code) ? code : 'InternalError', 'injected fault');
        return operate(parts, addressOf(request));
      } catch (error) {
        if (!(error instanceof S3Error)) throw error;
        const withoutBody = request.method === 'HEAD';
        const body = withoutBody ? Buffer.alloc(0) : error.body(requestId);
        return { status: error.status, headers: { 'content-type': 'application/xml' }, body };
      }
    },
  };
}

function authenticate(request: SignedRequest, { region, principals, wallMs }: S3Parts): void {
  try {
    const payloadHash = request.headers['x-amz-content-sha256']?.[0] ?? 'UNSIGNED-PAYLOAD';
    const { mayInvoke } = verifySignature(
      { ...request, payloadHash, pathAsItIs: true },
      { region, service: 's3' },
      wallMs(),
      principals,
    );
    if (!mayInvoke) throw new S3Error('AccessDenied', 'Access Denied');
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const aboutTime = /signature expired|not yet current/i.test(error.message);
    throw new S3Error(aboutTime ? 'RequestTimeTooSkewed' : signatureErrors[error.problem], error.message);
  }
}

function addressOf(request: SignedRequest): S3Call {
  const [path = '/', query = ''] = request.target.split(/\?(.*)/s);
  const host = request.headers['host']?.[0] ?? '';
  const hosted = /^(.+)\.s3[.-]/.exec(host)?.[1];
  const whole = decodeURIComponent(path).slice(1);
  const slash = whole.indexOf('/');
  const bucket = hosted ?? (slash < 0 ? whole : whole.slice(0, slash));
  const key = hosted === undefined ? (slash < 0 ? '' : whole.slice(slash + 1)) : whole;
  return { request, bucket, key, query: new URLSearchParams(query) };
}

function operate(parts: S3Parts, call: S3Call): Answer {
  const operations = call.key === '' ? bucketOperations : objectOperations;
  const answer = operations[call.request.method]?.(parts, call);
  if (answer === undefined)
    throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.');
  return answer;
}
