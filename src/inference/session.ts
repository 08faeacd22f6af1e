import { createHash } from 'node:crypto';
import type { Model } from '../core/model.ts';
import type { Answer } from '../core/result.ts';
import type { Target } from '../core/target.ts';

/** What a caller sends to have a stateful session opened (SageMaker Runtime API, `X-Amzn-SageMaker-Session-Id`). */
export const newSession = 'NEW_SESSION';
const sessionHeaders = ['x-amzn-sagemaker-new-session-id', 'x-amzn-sagemaker-closed-session-id'] as const;
const tagLength = 12;

/** A session lives on one target, so the id handed out names it: `tag.id`, the tag being a digest of the identity. */
function targetTag(target: Target): string {
  return createHash('sha256').update(target.id).digest('hex').slice(0, tagLength);
}

/** The target a wrapped session id belongs to and the id it knows; undefined if that target is gone or never was. */
export function sessionTarget(model: Model, wrapped: string): { target: Target; sessionId: string } | undefined {
  if (wrapped[tagLength] !== '.') return undefined;
  const tag = wrapped.slice(0, tagLength);
  for (const version of model.versions) {
    const target = version.targets.find(candidate => targetTag(candidate) === tag);
    if (target !== undefined) return { target, sessionId: wrapped.slice(tagLength + 1) };
  }
  return undefined;
}

/** The answer with the session ids it opens or closes wrapped for the caller. */
export function wrapSession(answer: Answer, target: Target): Answer {
  if (!sessionHeaders.some(name => name in answer.headers)) return answer;
  const headers = { ...answer.headers };
  for (const name of sessionHeaders) {
    if (headers[name] !== undefined) headers[name] = `${targetTag(target)}.${headers[name]}`;
  }
  return { ...answer, headers };
}
