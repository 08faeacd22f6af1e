import type { GatewayEvent, VersionOutcome } from '../core/events.ts';
import type { Model, Version } from '../core/model.ts';
import type { Exit } from './try-targets.ts';

/** How a call went for the version first chosen: another version's answer is this one's failure. */
export function versionCalled(model: Model, chosen: Version, exit: Exit): GatewayEvent {
  return { type: 'version-called', model: model.name, version: chosen.name, outcome: outcomeOf(chosen, exit) };
}

function outcomeOf(chosen: Version, exit: Exit): VersionOutcome {
  if (exit.by === 'answer') return exit.last.target.version === chosen.name ? 'ok' : 'moved';
  if (exit.by === 'caller') return exit.last?.result.outcome === 'caller-fault' ? 'caller-fault' : 'cancelled';
  return 'failed';
}
