import type { GatewayEvent, VersionOutcome } from '../core/events.ts';
import type { Model } from '../core/model.ts';
import type { Exit } from './try-targets.ts';

/** How a call went for the version first chosen: another version's answer is this one's failure. */
export function versionCalled(model: Model, chosen: string, exit: Exit): GatewayEvent {
  return { type: 'version-called', model: model.name, version: chosen, outcome: outcomeOf(chosen, exit) };
}

function outcomeOf(chosen: string, exit: Exit): VersionOutcome {
  if (exit.by === 'answer') return exit.last.target.version === chosen ? 'ok' : 'moved';
  if (exit.by === 'caller') return exit.last?.result.outcome === 'caller-fault' ? 'caller-fault' : 'cancelled';
  return 'failed';
}
