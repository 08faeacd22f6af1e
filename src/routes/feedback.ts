import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Caller } from '../core/request.ts';
import type { Admission } from '../security/admission.ts';
import type { Identify } from '../security/callers.ts';
import type { Limits } from '../security/limits.ts';
import { readBody } from './body.ts';
import { renderPlainError } from './v1.ts';

/** What came of one ground truth; rendered as it is. */
export interface FeedbackOutcome {
  readonly inferenceId: string;
  readonly result: string;
  readonly detail?: string;
}

/** What feedback needs of the gateway; everything follows the config in force. */
export interface FeedbackRoutePorts {
  readonly clock: Clock;
  readonly admission: Admission;
  readonly identify: Identify;
  readonly tenants: Pick<Limits, 'enter'>;
  /** Whether any model takes feedback. */
  taken(): boolean;
  /** Resolves when what was answered until now is known: a truth may follow its answer at once. */
  caughtUp(): Promise<void>;
  take(record: unknown, caller: Caller): Promise<FeedbackOutcome>;
  bodyTimeoutMs(): number;
  onFault(error: unknown, requestId: string): void;
}

const maxBytes = 4_194_304;
const maxRecords = 10_000;

/** Of a single record; a batch is always answered 200, with a result for each. */
const statuses: Readonly<Record<string, number>> = {
  joined: 200,
  duplicate: 200,
  conflict: 409,
  unknown: 404,
  expired: 404,
  'not-yours': 403,
  invalid: 400,
};

/** `POST /v1/feedback`: ground truth for earlier answers, one, `{"records":[…]}` or JSON lines. */
export function feedbackRoutes(server: FastifyInstance, ports: FeedbackRoutePorts): void {
  server.post('/v1/feedback', async (http, reply) => {
    reply.headers({ 'x-amzn-requestid': http.id, 'x-meridian-request-id': http.id });
    try {
      return await takeFeedback(ports, http, reply);
    } catch (thrown) {
      const error = asGatewayError(ports, thrown, http.id);
      const { headers, body } = renderPlainError(error, http.id);
      return reply.code(error.status).headers(headers).send(body);
    }
  });
}

async function takeFeedback(
  ports: FeedbackRoutePorts,
  http: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { raw } = http;
  const identity = ports.identify({ method: raw.method ?? '', url: raw.url ?? '', headers: raw.headers });
  if (!ports.taken())
    throw new GatewayError('not-found', 'No model here takes ground truth: see monitor.feedback in the config.');
  const limit = { clock: ports.clock, limitMs: ports.bodyTimeoutMs() };
  const body = await readBody(raw, maxBytes, ports.admission, limit);
  try {
    const caller = identity.proven ? identity.caller : identity.confirm(body.sha256);
    const leave = await ports.tenants.enter(caller);
    try {
      const { single, records } = readFeedback(body.bytes, http.headers['content-type']);
      await ports.caughtUp();
      const results: FeedbackOutcome[] = [];
      for (const record of records) results.push(await ports.take(record, caller));
      const [first] = results;
      if (single && first !== undefined) return reply.code(statuses[first.result] ?? 200).send(first);
      const joined = results.filter(({ result }) => result === 'joined').length;
      return reply.send({ joined, results });
    } finally {
      leave();
    }
  } finally {
    body.release();
  }
}

/** Throws `invalid-request`; a single record that is wrong has a result of its own. */
function readFeedback(bytes: Buffer, contentType = ''): { single: boolean; records: readonly unknown[] } {
  const text = bytes.toString('utf8');
  const lines = /^\s*application\/(jsonlines|jsonl|x-ndjson)\b/i.test(contentType);
  const value = lines ? text.split('\n').flatMap(line => (line.trim() === '' ? [] : [parsed(line)])) : parsed(text);
  if (value === undefined) throw invalid('The body is not valid JSON.');
  const records = Array.isArray(value) ? value : recordsOf(value);
  if (records === undefined) return { single: true, records: [value] };
  if (records.length > maxRecords) throw invalid(`At most ${maxRecords} records are taken at once.`);
  return { single: false, records };
}

function recordsOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !('records' in value)) return undefined;
  if (!Array.isArray(value.records)) throw invalid('records must be a list.');
  return value.records;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(message: string): GatewayError {
  const forms = 'Send {"inferenceId":…,"truth":…}, {"records":[…]}, or such records as JSON lines.';
  return new GatewayError('invalid-request', `${message} ${forms}`);
}

function asGatewayError(ports: FeedbackRoutePorts, thrown: unknown, requestId: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  ports.onFault(thrown, requestId);
  return new GatewayError('internal', 'The gateway failed on this request: report the request id.');
}
