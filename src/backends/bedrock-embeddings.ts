import { hash } from 'node:crypto';
import type { InferenceRequest } from '../core/request.ts';
import type { AttemptResult } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import { invokeModel } from '../wire/bedrock-runtime.ts';
import { embeddingsAnswer, embeddingsAsked } from '../wire/chat/embeddings.ts';
import { parseObject } from '../wire/json-object.ts';
import { Untranslatable } from '../wire/untranslatable.ts';
import { type AwsPorts, awsCall } from './aws-call.ts';
import type { AttemptLimits } from './backend.ts';
import { modelChunks } from './bedrock-events.ts';
import { usageOfHeaders } from './bedrock-usage.ts';
import { refusedLocally } from './local-refusal.ts';

type Asked = ReturnType<typeof embeddingsAsked>;

/** How one family of embedding models is asked and answers. */
interface Family {
  /** Texts one call takes. */
  readonly perCall: number;
  body(texts: readonly string[], dimensions: number | undefined): object;
  vectors(answer: Readonly<Record<string, unknown>>): unknown;
}

/** Titan Text Embeddings (Bedrock user guide, "Amazon Titan Embeddings"). */
const titan: Family = {
  perCall: 1,
  body: ([inputText], dimensions) => ({ inputText, ...(dimensions !== undefined && { dimensions }) }),
  vectors: ({ embedding }) => [embedding],
};
/** Cohere Embed (Bedrock user guide, "Cohere Embed models"). */
const cohere: Family = {
  perCall: 96,
  body: (texts, dimensions) => ({
    texts,
    input_type: 'search_document',
    ...(dimensions !== undefined && { output_dimension: dimensions }),
  }),
  vectors: ({ embeddings }) =>
    Array.isArray(embeddings) ? embeddings : (embeddings as { readonly float?: unknown } | undefined)?.float,
};
const families: readonly (readonly [prefix: RegExp, family: Family])[] = [
  [/(?:^|[./])amazon\.titan-embed/, titan],
  [/(?:^|[./])cohere\.embed/, cohere],
];

/** Embeddings through InvokeModel: as many calls as the model needs, one after the other, within the attempt's time. */
export async function embeddingsThroughInvoke(
  ports: AwsPorts,
  target: Target,
  request: InferenceRequest,
  limits: AttemptLimits,
): Promise<AttemptResult> {
  const family = families.find(([prefix]) => prefix.test(target.endpoint))?.[1];
  if (family === undefined)
    return refusedLocally(400, `${request.model} makes no embeddings that are known here.`, 'model');
  const asked = read(request);
  if (asked instanceof Untranslatable) return refusedLocally(400, asked.message, asked.field);
  return new Embedding(ports, target, request, limits, family).all(asked);
}

function read({ json = {} }: InferenceRequest): Asked | Untranslatable {
  try {
    return embeddingsAsked(json);
  } catch (error) {
    if (error instanceof Untranslatable) return error;
    throw error;
  }
}

class Embedding {
  readonly #ports: AwsPorts;
  readonly #target: Target;
  readonly #request: InferenceRequest;
  readonly #limits: AttemptLimits;
  readonly #family: Family;

  constructor(ports: AwsPorts, target: Target, request: InferenceRequest, limits: AttemptLimits, family: Family) {
    this.#ports = ports;
    this.#target = target;
    this.#request = request;
    this.#limits = limits;
    this.#family = family;
  }

  async all({ texts, dimensions, base64, user }: Asked): Promise<AttemptResult> {
    const startedAt = this.#ports.clock.now();
    const vectors: number[][] = [];
    let inputTokens = 0;
    for (let at = 0; at < texts.length; at += this.#family.perCall) {
      const spentMs = this.#ports.clock.now() - startedAt;
      const some = texts.slice(at, at + this.#family.perCall);
      const body = this.#family.body(some, dimensions);
      const result = await this.#some(body, user, Math.max(1, this.#limits.timeoutMs - spentMs));
      const durationMs = this.#ports.clock.now() - startedAt;
      if (result.outcome !== 'ok') return { ...result, durationMs };
      const found = this.#family.vectors(parseObject(result.answer?.body ?? Buffer.alloc(0)) ?? {});
      if (!isVectors(found, some.length)) return { ...unreadable, durationMs };
      vectors.push(...found);
      inputTokens += result.usage?.inputTokens ?? 0;
    }
    const json = embeddingsAnswer(vectors, inputTokens, { model: this.#request.model, base64 });
    const answer = {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(json)),
    };
    const usage = { inputTokens, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
    return { outcome: 'ok', answer, usage, sent: true, durationMs: this.#ports.clock.now() - startedAt };
  }

  #some(json: object, user: string | undefined, timeoutMs: number): Promise<AttemptResult> {
    const body = Buffer.from(JSON.stringify(json));
    return awsCall(
      this.#ports,
      this.#ports.bedrock,
      this.#target,
      { ...this.#limits, timeoutMs },
      {
        operation: invokeModel,
        fields: {
          contentType: 'application/json',
          accept: 'application/json',
          ...(user !== undefined && { requestMetadata: JSON.stringify({ user }) }),
        },
        body,
        bodySha256: hash('sha256', body, 'hex'),
        traceparent: this.#request.traceparent,
        callerNamed: false,
        meaning: modelChunks,
        usage: usageOfHeaders,
      },
    );
  }
}

const unreadable = {
  outcome: 'backend-fault',
  error: { type: 'UNREADABLE_ANSWER', message: 'an embedding model did not answer a vector for each text' },
  sent: true,
} as const;

/** One for each text: with one too few, all behind it would belong to other texts. */
function isVectors(value: unknown, count: number): value is number[][] {
  return (
    Array.isArray(value) &&
    value.length === count &&
    value.every(each => Array.isArray(each) && typeof each[0] === 'number')
  );
}
