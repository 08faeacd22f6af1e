import type { Emit, VersionOutcome } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import { isFinal, type Outcome } from '../core/outcome.ts';
import type { Exit } from './try-targets.ts';

/**
 * Tells how a call went for the version first chosen, for a stream once it has ended: another version's answer is this
 * one's failure.
 */
export function tellVersionCalled(ports: { readonly emit: Emit }, model: Model, chosen: string, exit: Exit): void {
  const tell = (outcome: VersionOutcome) =>
    ports.emit({ type: 'version-called', model: model.name, version: chosen, outcome });
  const outcome = outcomeOf(chosen, exit);
  const stream = exit.by === 'answer' ? exit.last.result.answer?.stream : undefined;
  if (stream === undefined) tell(outcome);
  else stream.ended.then(ending => tell(isFinal(ending.outcome) ? endOf(outcome, ending.outcome) : 'failed'));
}

function endOf(opened: VersionOutcome, ending: Outcome): VersionOutcome {
  return ending === 'ok' ? opened : 'cancelled';
}

function outcomeOf(chosen: string, exit: Exit): VersionOutcome {
  if (exit.by === 'answer') return exit.last.target.version === chosen ? 'ok' : 'moved';
  if (exit.by === 'caller') return exit.last?.result.outcome === 'caller-fault' ? 'caller-fault' : 'cancelled';
  return 'failed';
}
