import type { TargetOptions } from '../backends/options.ts';
import type { Operation } from '../core/operation.ts';
import { profileGeography } from '../core/residency.ts';
import { type HttpServer, kindTraits, type TargetApi } from '../core/target.ts';

/** What a kind does, as far as the model can, and what its `api` adds. */
export function operationsOf({ kind, api, modelId = '' }: TargetOptions, tensors: boolean): readonly Operation[] {
  const own: readonly Operation[] = kindTraits[kind].operations;
  if (kind === 'bedrock') {
    const embeds = embeddingModel.test(modelId);
    return own.filter(operation => operation === 'invoke' || (operation === 'embeddings') === embeds);
  }
  const extra: readonly Operation[] = tensors ? ['infer'] : [];
  if (kind === 'http') return api === 'invocations' ? ['invoke', ...extra] : httpOperations[api ?? 'openai'];
  return api === 'openai' || api === 'tgi' ? [...own, ...extra, 'chat'] : [...own, ...extra];
}

const httpOperations = {
  openai: ['chat', 'embeddings'],
  tgi: [], // of SageMaker only: elsewhere such servers speak OpenAI's protocol beside it
  'open-inference': ['infer'],
} as const satisfies Partial<Record<TargetApi, readonly Operation[]>>;

/** The geography of a Bedrock inference profile; servers elsewhere may call their models as they like. */
export function geographyOfProfile({ kind, modelId }: Pick<TargetOptions, 'kind' | 'modelId'>): string | undefined {
  return kind === 'bedrock' ? profileGeography(modelId) : undefined;
}

/** The models whose vectors are known how to ask for; other ids are taken for text models. */
const embeddingModel = /(?:^|[./])(?:amazon\.titan-embed|cohere\.embed)/;

/** Where a server that is not AWS's is, and how it is asked. */
export function serverOf({ api = 'openai', modelId, auth }: TargetOptions, text: string): HttpServer {
  const { origin, pathname } = new URL(text);
  return { origin, basePath: pathname.replace(/\/$/, ''), api, model: modelId, auth };
}
