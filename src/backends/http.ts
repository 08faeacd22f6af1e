import type { InferenceRequest } from '../core/request.ts';
import type { Usage } from '../core/result.ts';
import type { HttpServer, Target } from '../core/target.ts';
import { BrokenSse } from '../wire/chat/sse.ts';
import { parseObject } from '../wire/json-object.ts';
import { withJsonOutputs } from '../wire/open-inference/json-outputs.ts';
import type { AwsPorts } from './aws-call.ts';
import type { AttemptLimits, Backend } from './backend.ts';
import { includesUsage, openAiBody } from './chat-body.ts';
import { type ChatChunkReader, chatChunkReader, usageOfChat } from './chat-chunks.ts';
import { fromFailure, type Unfinished } from './failures.ts';
import { fromHttpRefusal } from './http-refusal.ts';
import { openedAnswer } from './opened-answer.ts';
import type { EventReader } from './opened-stream.ts';
import { postWithin } from './post-within.ts';
import { inferAsInvoke } from './tensors.ts';
import { ToldFailure } from './told-failure.ts';
import type { TransportAnswer } from './transport-call.ts';

type HttpPorts = Pick<AwsPorts, 'clock' | 'transport'>;

/** Servers that are not AWS's, in a protocol of theirs: the way out when AWS as a whole is the problem. */
export function http(ports: HttpPorts): Backend {
  return {
    invoke: async (target, request, limits) => {
      const startedAt = ports.clock.now();
      const translates = request.operation === 'infer' && target.server?.api === 'invocations';
      const plain = (made: InferenceRequest) => call(ports, target, made, limits, startedAt);
      const timed = async (made: InferenceRequest) => ({ durationMs: 0, ...(await plain(made)) });
      const result = translates ? await inferAsInvoke(target, request, timed) : await plain(request);
      return { ...result, durationMs: ports.clock.now() - startedAt };
    },
  };
}

async function call(
  { clock, transport }: HttpPorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
  startedAt: number,
): Promise<Unfinished> {
  const { server } = target;
  if (server === undefined) throw new Error(`${target.name} has no server to call`);
  const { timeoutMs } = limits;
  const sent = await postWithin(transport, limits, timeoutMs, {
    poolKey: target.id,
    origin: server.origin,
    path: server.basePath + pathOf(server, request),
    headers: headersOf(server, request),
    body: bodyOf(server, request),
  });
  if (sent.kind === 'stream') {
    const reader = chatEvents(chatChunkReader(limits.maxResponseBytes, includesUsage(request)));
    return openedAnswer(clock, limits, sent, { reader, framing: 'chat', headers: {}, startedAt, timeoutMs });
  }
  if (sent.kind !== 'answer') return fromFailure(sent);
  return sent.status >= 200 && sent.status < 300 ? answered(sent, request) : fromHttpRefusal(sent);
}

function bodyOf({ api, model }: HttpServer, request: InferenceRequest): Buffer {
  if (api === 'openai') return openAiBody(request, model);
  const { json, body, binary } = request;
  const asked = json === undefined ? undefined : withJsonOutputs(json);
  return asked === json && !binary ? body : Buffer.from(JSON.stringify(asked));
}

function pathOf({ api, model }: HttpServer, { operation, model: name }: InferenceRequest): string {
  if (api === 'invocations') return '';
  if (api === 'open-inference') return `/v2/models/${encodeURIComponent(model ?? name)}/infer`;
  return operation === 'chat' ? '/chat/completions' : '/embeddings';
}

/** What the gateway was told of the caller stays here, as does every header that is not named. */
function headersOf({ origin, auth }: HttpServer, { fields, json, traceparent }: InferenceRequest): string[] {
  const headers = ['host', origin.slice(origin.indexOf('//') + 2)];
  headers.push(
    'content-type',
    json === undefined ? (fields.contentType ?? 'application/octet-stream') : 'application/json',
  );
  if (fields.accept !== undefined && json === undefined) headers.push('accept', fields.accept);
  if (auth !== undefined) headers.push(auth.header, auth.value);
  if (traceparent !== undefined) headers.push('traceparent', traceparent);
  return headers;
}

const longestTypeChars = 1_024;

function answered({ status, headers, body }: TransportAnswer, { json }: InferenceRequest): Unfinished {
  const told = headers['content-type'];
  const contentType = told === undefined || told.length > longestTypeChars ? undefined : told;
  const known = json === undefined ? contentType : 'application/json';
  const usage: Usage | undefined = json === undefined ? undefined : usageOfChat(parseObject(body));
  const answer = { status, headers: known === undefined ? {} : { 'content-type': known }, body };
  return { outcome: 'ok', answer, sent: true, ...(usage && { usage }) };
}

function chatEvents(chunks: ChatChunkReader): EventReader {
  return {
    get held() {
      return chunks.held;
    },
    push: bytes => {
      try {
        return { events: chunks.read(bytes) };
      } catch (error) {
        return { events: [], failure: broken(error) };
      }
    },
    end: () => {
      try {
        chunks.end();
        const usage = chunks.usage();
        return { outcome: 'ok', sent: true, ...(usage && { usage }) };
      } catch (error) {
        return broken(error);
      }
    },
  };
}

function broken(error: unknown): Unfinished {
  if (error instanceof ToldFailure) return error.failure;
  if (!(error instanceof BrokenSse)) throw error;
  return { outcome: 'backend-fault', error: { type: 'BROKEN_STREAM', message: error.message }, sent: true };
}
