import type { FaultBoard } from '../faults.ts';
import type { Principal, Principals } from '../principals.ts';
import { SignatureError, type SignatureProblem, verifySignature } from '../sigv4.ts';
import type { SignedRequest } from '../sigv4-canonical.ts';
import type { Answer } from '../wire.ts';
import { ControlError } from './control-error.ts';
import type { Operation } from './operation.ts';

/** Operations of every service by `X-Amz-Target` (`SageMaker.CreateTransformJob`): each file brings its own. */
export type Operations = Readonly<Record<string, Operation>>;

/** What the control planes of one region are made of. */
export interface ControlPlaneParts {
  readonly region: string;
  readonly principals: Principals;
  readonly faults: FaultBoard;
  readonly operations: Operations;
  /** The region's own clock, which a fault may skew. */
  wallMs(): number;
}

/** Services that speak AWS JSON 1.1 on one port, told apart by `X-Amz-Target`. Never rejects. */
export interface ControlPlane {
  answer(request: SignedRequest): Promise<Answer>;
}

/** What signatures call the service behind a prefix of `X-Amz-Target`. */
const signingNames: Readonly<Record<string, string>> = { SageMaker: 'sagemaker', AWSEvents: 'events' };

const signatureErrors: Readonly<Record<SignatureProblem, string>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  'expired-token': 'ExpiredTokenException',
  invalid: 'InvalidSignatureException',
};

/** Status of the errors a `control-error` fault can ask for. */
export const controlErrorStatus = {
  InternalFailure: 500,
  ServiceUnavailable: 503,
  ThrottlingException: 400,
  AccessDeniedException: 400,
} as const;

/** Whether a request means a control plane. */
export function isForControlPlane(headers: SignedRequest['headers']): boolean {
  return headers['x-amz-target'] !== undefined;
}

/** Puts a service's name before each of its operations: `SageMaker` and `CreateTransformJob`. */
export function operationsOf(service: 'SageMaker' | 'AWSEvents', operations: Operations): Operations {
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [`${service}.${name}`, run]));
}

/** Checks the signature, finds the operation, and renders what it answers or throws. */
export function createControlPlane(parts: ControlPlaneParts): ControlPlane {
  return {
    answer: async request => {
      try {
        return json(200, Buffer.from(JSON.stringify(await run(request, parts))));
      } catch (error) {
        if (!(error instanceof ControlError)) throw error;
        return json(error.status, error.body());
      }
    },
  };
}

async function run(request: SignedRequest, parts: ControlPlaneParts): Promise<object> {
  const target = request.headers['x-amz-target']?.[0] ?? '';
  const service = target.slice(0, Math.max(0, target.indexOf('.')));
  const { account, arn, mayInvoke } = authenticate(request, signingNames[service] ?? service, parts);
  const fault = parts.faults.hit(parts.region, 'control-error');
  if (fault !== undefined) {
    const type = fault.errorType ?? 'InternalFailure';
    const [, status = 500] = Object.entries(controlErrorStatus).find(([name]) => name === type) ?? [];
    throw new ControlError(type, 'injected fault', status);
  }
  const operation = Object.hasOwn(parts.operations, target) ? parts.operations[target] : undefined;
  if (operation === undefined) throw new ControlError('UnknownOperationException', `No operation is called ${target}.`);
  if (!mayInvoke)
    throw new ControlError('AccessDeniedException', `User: ${arn} is not authorized to perform: ${target}`);
  return operation(inputOf(request.body), { account });
}

function authenticate(request: SignedRequest, service: string, parts: ControlPlaneParts): Principal {
  const { region, principals, wallMs } = parts;
  try {
    return verifySignature(request, { region, service }, wallMs(), principals);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw new ControlError(signatureErrors[error.problem], error.message);
  }
}

function inputOf(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const input: unknown = JSON.parse(body.toString() || '{}');
    if (typeof input === 'object' && input !== null && !Array.isArray(input))
      return input as Readonly<Record<string, unknown>>;
  } catch {
    // refused below, as anything else that is no object
  }
  throw new ControlError('SerializationException', 'The body is no JSON object.');
}

function json(status: number, body: Buffer): Answer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
}
