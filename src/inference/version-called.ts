import type { Emit, VersionOutcome } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import { isFinal, type Outcome } from '../core/outcome.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Answer } from '../core/result.ts';
import type { Arm } from '../core/split.ts';
import type { Exit } from './try-targets.ts';

/** A call as its version was chosen. */
export interface ChosenCall {
  readonly model: Model;
  /** The version first chosen. */
  readonly version: string;
  readonly arm?: Arm;
  readonly request: InferenceRequest;
}

/**
 * Tells how a call went for the version first chosen, for a stream once it has ended: another version's answer is this
 * one's failure.
 */
export function tellVersionCalled(ports: { readonly emit: Emit }, call: ChosenCall, exit: Exit): void {
  const { model, version, arm, request } = call;
  const tell = (outcome: VersionOutcome, answer: Answer | undefined) =>
    ports.emit({
      type: 'version-called',
      model: model.name,
      version,
      outcome,
      arm,
      request,
      attempts: exit.trail,
      answer,
    });
  const outcome = outcomeOf(version, exit);
  const answer = exit.by === 'answer' ? exit.last.result.answer : undefined;
  if (answer?.stream === undefined) tell(outcome, answer);
  else
    answer.stream.ended.then(ending =>
      tell(isFinal(ending.outcome) ? endOf(outcome, ending.outcome) : 'failed', undefined),
    );
}

function endOf(opened: VersionOutcome, ending: Outcome): VersionOutcome {
  return ending === 'ok' ? opened : 'cancelled';
}

function outcomeOf(chosen: string, exit: Exit): VersionOutcome {
  if (exit.by === 'answer') return exit.last.target.version === chosen ? 'ok' : 'moved';
  if (exit.by === 'caller') return exit.last?.result.outcome === 'caller-fault' ? 'caller-fault' : 'cancelled';
  return 'failed';
}
