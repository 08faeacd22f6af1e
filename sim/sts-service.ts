import type { Clock } from './clock.ts';
import type { FaultBoard } from './faults.ts';
import type { Principals, Role, Session } from './principals.ts';
import { SignatureError, type SignatureProblem, verifySignature } from './sigv4.ts';
import type { SignedRequest } from './sigv4-canonical.ts';
import type { Answer } from './wire.ts';

export interface StsServiceParts {
  readonly region: string;
  readonly principals: Principals;
  readonly faults: FaultBoard;
  readonly clock: Clock;
  /** The region's own clock, which a fault may skew. */
  wallMs(): number;
}

/** Regional STS: the Query protocol (form in, XML out). Never throws. */
export interface StsService {
  answer(request: SignedRequest, requestId: string): Answer;
}

class StsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const signatureErrors: Readonly<Record<SignatureProblem, readonly [status: number, code: string]>> = {
  missing: [403, 'MissingAuthenticationToken'],
  incomplete: [400, 'IncompleteSignature'],
  'unknown-key': [403, 'InvalidClientTokenId'],
  'expired-token': [403, 'ExpiredToken'],
  invalid: [403, 'SignatureDoesNotMatch'],
};

/** Status of the errors an `sts-error` fault can ask for. */
const faultStatus: Readonly<Record<string, number>> = {
  ServiceUnavailable: 503,
  InternalFailure: 500,
  Throttling: 400,
  AccessDenied: 403,
  ExpiredToken: 403,
};

export function createStsService(parts: StsServiceParts): StsService {
  return {
    answer: (request, requestId) => {
      try {
        const result = run(request, parts);
        const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
        return xml(
          200,
          `${result.action}Response`,
          `<${result.action}Result>${result.content}</${result.action}Result>${metadata}`,
        );
      } catch (error) {
        if (!(error instanceof StsError)) throw error;
        const type = error.status < 500 ? 'Sender' : 'Receiver';
        const detail = `<Error><Type>${type}</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error>`;
        return xml(error.status, 'ErrorResponse', `${detail}<RequestId>${requestId}</RequestId>`);
      }
    },
  };
}

function run(request: SignedRequest, parts: StsServiceParts): { action: string; content: string } {
  const fault = parts.faults.hit(parts.region, 'sts-error');
  if (fault !== undefined) {
    const code = fault.errorType ?? 'ServiceUnavailable';
    throw new StsError(faultStatus[code] ?? 503, code, 'injected fault');
  }
  const form = new URLSearchParams(request.body.toString());
  const action = form.get('Action') ?? '';
  if (action === 'AssumeRole') return { action, content: assumeRole(request, form, parts) };
  if (action === 'AssumeRoleWithWebIdentity') return { action, content: assumeRoleWithWebIdentity(form, parts) };
  throw new StsError(
    400,
    'InvalidAction',
    `Could not find operation ${action} for version ${form.get('Version') ?? ''}`,
  );
}

function assumeRole(request: SignedRequest, form: URLSearchParams, parts: StsServiceParts): string {
  const caller = authenticate(request, parts);
  const arn = form.get('RoleArn') ?? '';
  const role = parts.principals.role(arn);
  const trusted = role?.trusts.includes(caller.accessKeyId) === true;
  if (role === undefined || !trusted || (role.externalId !== undefined && role.externalId !== form.get('ExternalId'))) {
    throw new StsError(
      403,
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
    );
  }
  return assumed(openSession(role, form, parts));
}

function assumeRoleWithWebIdentity(form: URLSearchParams, parts: StsServiceParts): string {
  const token = form.get('WebIdentityToken') ?? '';
  const role = parts.principals.role(form.get('RoleArn') ?? '');
  if (role?.webIdentityTokens === undefined)
    throw new StsError(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
  if (!role.webIdentityTokens.includes(token)) {
    throw new StsError(400, 'InvalidIdentityToken', 'The web identity token that was passed could not be validated.');
  }
  const subject =
    '<SubjectFromWebIdentityToken>simulated</SubjectFromWebIdentityToken><Audience>sts.amazonaws.com</Audience>';
  return assumed(openSession(role, form, parts)) + subject;
}

function authenticate(request: SignedRequest, { region, principals, wallMs }: StsServiceParts) {
  try {
    return verifySignature(request, { region, service: 'sts' }, wallMs(), principals);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const [status, code] = signatureErrors[error.problem];
    throw new StsError(status, code, error.message);
  }
}

function openSession(
  role: Role,
  form: URLSearchParams,
  { principals, clock }: StsServiceParts,
): { session: Session; name: string } {
  const name = form.get('RoleSessionName') ?? '';
  if (!/^[\w+=,.@-]{2,64}$/.test(name))
    throw invalid(`Value '${name}' at 'roleSessionName' failed to satisfy constraint`);
  const seconds = Number(form.get('DurationSeconds') ?? 3600);
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200)
    throw invalid(`Value '${seconds}' at 'durationSeconds' failed to satisfy constraint`);
  if (seconds > (role.maxSessionSeconds ?? 3600)) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  // The wire carries whole seconds, so the session ends on one.
  const expiresAtMs = Math.floor(clock.wallMs() / 1000 + seconds) * 1000;
  return { session: principals.openSession(role, name, expiresAtMs), name };
}

function invalid(message: string): StsError {
  return new StsError(400, 'ValidationError', message);
}

function assumed({ session, name }: { session: Session; name: string }): string {
  const expiration = new Date(session.expiresAtMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const user = `<AssumedRoleId>AROASIMULATED0000000A:${name}</AssumedRoleId><Arn>${escapeXml(session.arn)}</Arn>`;
  const key = `<AccessKeyId>${session.accessKeyId}</AccessKeyId><SecretAccessKey>${session.secretAccessKey}</SecretAccessKey>`;
  const token = `<SessionToken>${session.sessionToken}</SessionToken><Expiration>${expiration}</Expiration>`;
  return `<AssumedRoleUser>${user}</AssumedRoleUser><Credentials>${key}${token}</Credentials>`;
}

function xml(status: number, root: string, content: string): Answer {
  const body = Buffer.from(`<${root} xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${content}</${root}>`);
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

function escapeXml(text: string): string {
  return text.replace(/[<>&'"]/g, c => `&#${c.charCodeAt(0)};`);
}
