import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { InvokeFields } from '../core/request.ts';
import type { Answer, AttemptResult, Usage } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { WireOperation } from '../wire/aws-operation.ts';
import type { AttemptLimits } from './backend.ts';
import { type Classified, classify } from './classify.ts';
import type { Credentials } from './credentials.ts';
import { fromFailure, type Unfinished } from './failures.ts';
import { type FrameMeaning, frameReader } from './frame-reader.ts';
import { openedAnswer } from './opened-answer.ts';
import { postWithin } from './post-within.ts';
import type { ServiceName } from './refusal-rules.ts';
import type { Signer } from './signing.ts';
import type { Transport } from './transport.ts';
import type { TransportAnswer, TransportStream } from './transport-call.ts';

/** One of AWS's inference services, as it is reached. */
export interface AwsService {
  readonly name: ServiceName;
  readonly signer: Signer;
  /** `https://…` of the service in a region. */
  urlOf(region: string): string | undefined;
}

/** What calling AWS needs of the rest. */
export interface AwsPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly sagemaker: AwsService;
  readonly bedrock: AwsService;
  /** Usable keys of an identity now; undefined when there are none. Never waits. */
  credentialsOf(identity: string): Credentials | undefined;
  /** Tells that AWS refused an identity's keys. */
  suspect(identity: string): void;
}

/** One call as it is to go out. */
export interface AwsCall {
  readonly operation: WireOperation;
  readonly fields: InvokeFields;
  readonly body: Buffer;
  /** Lower-case hex. */
  readonly bodySha256: string;
  readonly traceparent: string | undefined;
  /** The caller chose the variant, component or target model, so one that does not exist is the caller's fault. */
  readonly callerNamed: boolean;
  /** What the frames of a streamed answer mean. */
  meaning(): FrameMeaning;
  /** What a whole answer says of its tokens. */
  usage?(headers: Answer['headers'], body: Buffer): Usage | undefined;
}

/** One signed call, answered whole or as a stream (`limits.stream`). Never rejects. */
export async function awsCall(
  ports: AwsPorts,
  service: AwsService,
  target: Target,
  limits: AttemptLimits,
  call: AwsCall,
): Promise<AttemptResult> {
  const calling = new Calling(ports, service, target, limits, call);
  const startedAt = ports.clock.now();
  const first = await calling.once(limits.timeoutMs);
  const spentMs = ports.clock.now() - startedAt;
  if (!first.again || spentMs >= limits.timeoutMs) return { durationMs: spentMs, ...first.result };
  const second = await calling.once(limits.timeoutMs - spentMs);
  return { durationMs: ports.clock.now() - startedAt, ...second.result };
}

/** `again`: the region's clock was learnt from this refusal, and signing anew will help. */
interface Once {
  readonly result: Unfinished;
  readonly again: boolean;
}

class Calling {
  readonly #ports: AwsPorts;
  readonly #service: AwsService;
  readonly #target: Target;
  readonly #limits: AttemptLimits;
  readonly #call: AwsCall;

  constructor(ports: AwsPorts, service: AwsService, target: Target, limits: AttemptLimits, call: AwsCall) {
    this.#ports = ports;
    this.#service = service;
    this.#target = target;
    this.#limits = limits;
    this.#call = call;
  }

  async once(timeoutMs: number): Promise<Once> {
    const { clock, transport, credentialsOf } = this.#ports;
    const { region, identity, endpoint, id } = this.#target;
    const origin = this.#service.urlOf(region);
    if (origin === undefined) return only(misconfigured('UnknownRegion', `no endpoint is known for ${region}`));
    const credentials = credentialsOf(identity);
    if (credentials === undefined) return only(noCredentials(this.#target));
    const startedAt = clock.now();
    const signedAtMs = this.#service.signer.timeIn(region);
    const sent = await postWithin(transport, this.#limits, timeoutMs, {
      poolKey: id,
      origin,
      path: this.#call.operation.path(endpoint),
      headers: this.#signedHeaders(credentials, origin),
      body: this.#call.body,
    });
    if (sent.kind === 'stream') return only(await this.#opened(sent, startedAt, timeoutMs));
    if (sent.kind !== 'answer') return only(fromFailure(sent));
    return sent.status >= 200 && sent.status < 300 ? only(this.#answered(sent)) : this.#refused(sent, signedAtMs);
  }

  #signedHeaders(credentials: Credentials, origin: string): string[] {
    const { operation, bodySha256, traceparent } = this.#call;
    const headers = this.#service.signer.sign({
      method: 'POST',
      path: operation.path(this.#target.endpoint),
      host: origin.slice(origin.indexOf('//') + 2),
      region: this.#target.region,
      headers: this.#forwarded(),
      bodySha256,
      credentials,
    });
    // Not signed: whatever stands between may continue the trace.
    if (traceparent !== undefined) headers.push('traceparent', traceparent);
    return headers;
  }

  /** Exactly the headers the operation knows, sorted. */
  #forwarded(): string[] {
    const headers: string[] = [];
    for (const [header, field] of this.#call.operation.requestHeaders) {
      const value = this.#call.fields[field];
      if (value !== undefined) headers.push(header, value);
    }
    return headers;
  }

  #answered({ status, headers, body }: TransportAnswer): Unfinished {
    const answer = { status, headers: this.#passed(headers), body };
    const usage = this.#call.usage?.(answer.headers, body);
    return { outcome: 'ok', answer, sent: true, ...(usage && { usage }) };
  }

  #opened(sent: TransportStream, startedAt: number, timeoutMs: number): Promise<Unfinished> {
    const meaning = this.#call.meaning();
    const { framing } = meaning;
    const reader = frameReader(this.#service.name, this.#target, this.#limits.maxResponseBytes, meaning);
    const headers = this.#passed(sent.headers);
    return openedAnswer(this.#ports.clock, this.#limits, sent, { reader, framing, headers, startedAt, timeoutMs });
  }

  #passed(headers: IncomingHttpHeaders): Record<string, string> {
    const passed: Record<string, string> = {};
    for (const [name, longest, known = name] of this.#call.operation.responseHeaders) {
      const value = headers[name];
      if (typeof value === 'string' && value.length <= longest && /^[\t\x20-\x7e]*$/.test(value)) passed[known] = value;
    }
    return passed;
  }

  #refused({ status, headers, body }: TransportAnswer, signedAtMs: number): Once {
    const { endpoint, model, region, identity } = this.#target;
    const { callerNamed } = this.#call;
    const service = this.#service.name;
    const failed: Classified = classify({ service, status, headers, body, endpoint, model, callerNamed });
    const { outcome, error, answer, aboutTime } = failed;
    const again = aboutTime && this.#service.signer.adoptTime(region, headers.date, signedAtMs);
    if (outcome === 'misconfigured' && !again) this.#ports.suspect(identity);
    const requestId = headers['x-amzn-requestid'];
    const message = requestId === undefined ? error.message : `${error.message} (AWS request ${requestId})`;
    return { result: { outcome, error: { ...error, message }, ...(answer && { answer }), sent: true }, again };
  }
}

function only(result: Unfinished): Once {
  return { result, again: false };
}

function misconfigured(type: string, message: string): Unfinished {
  return { outcome: 'misconfigured', error: { type, message }, sent: false };
}

function noCredentials({ identity, region }: Target): Unfinished {
  const mend = 'state credentials for the region, or give this process a role';
  return misconfigured('NoCredentials', `${identity} has no usable credentials for ${region}; ${mend}`);
}
