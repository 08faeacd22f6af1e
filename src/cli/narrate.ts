import type { GatewayEvent } from '../core/events.ts';

/** Tells a chain of events to people: a line for each link, as it happens, and none for the rest. */
export interface Narrator {
  /** The line of an event; undefined where it adds nothing to the story. */
  line(event: GatewayEvent): string | undefined;
}

const ends: ReadonlySet<string> = new Set(['promoted', 'rolled-back', 'aborted']);

type DriftJudged = Extract<GatewayEvent, { type: 'drift-judged' }>;

/** Starts a story: what stays the same is told once. `highMark` says from which value on a finding is a drift. */
export function narrator(highMark: (event: DriftJudged) => number | undefined): Narrator {
  const drifted = new Set<string>();
  // By model. Its windows are held against the former version's baseline until it is promoted: no news of its own.
  const onTrial = new Map<string, string>();
  const driftLine = (event: DriftJudged): string | undefined => {
    const { model, version, scope = 'all', monitor, feature, statistic, value, level, sample, window } = event;
    if (onTrial.get(model) === version) return undefined;
    // The online detector's alarm comes before the windows that confirm it: each is a link of its own.
    const of = window === 'stream' ? 'errors become more' : monitor;
    const whose = scope === 'all' ? '' : ` (${scope})`;
    const what = `${feature === undefined || feature === monitor ? of : `${of} ${feature}`}${whose}`;
    const key = `${model} ${version} ${what}`;
    if (level === 'drifted' && !drifted.has(key)) {
      drifted.add(key);
      const mark = highMark(event);
      const found = `${statistic} ${value.toFixed(3)}${mark === undefined ? '' : ` (mark ${mark})`}`;
      return `drift        ${model} ${version}: ${what}, ${found} over ${sample} ${monitor === 'performance' ? 'truths' : 'records'}`;
    }
    if (level === 'clear' && drifted.delete(key)) return `drift over   ${model} ${version}: ${what}`;
    return undefined;
  };
  return {
    line: event => {
      switch (event.type) {
        case 'drift-judged':
          return driftLine(event);
        case 'episode-changed':
          return `episode      ${event.model}${event.scope === 'all' ? '' : ` (${event.scope})`} ${event.to}: ${cut(event.reason)}`;
        case 'retrain-action':
          return `action       ${actionWords(event)}`;
        case 'version-registered':
          return `new version  ${event.model} ${event.version} of ${event.packageArn}`;
        case 'canary-changed': {
          if (ends.has(event.to)) onTrial.delete(event.model);
          else onTrial.set(event.model, event.canary);
          const share = `${Number((event.share * 100).toFixed(1))} %`;
          return `canary       ${event.model} ${event.canary} ${event.to}, ${share}: ${event.reason}`;
        }
        case 'region-changed':
          return `region       ${event.region} ${event.to}`;
        case 'target-ejected':
          return `target       ${event.target.model} ${event.target.name} left out for ${(event.forMs / 1_000).toFixed(1)} s: ${event.detail}`;
        default:
          return undefined;
      }
    },
  };
}

/** A line is to be taken in at a glance; `meridian episodes show` has all of it. */
const mostCharacters = 100;

function cut(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters - 1)}…`;
}

/** A pipeline that took the call has only begun. */
function actionWords({ action, result, detail }: Extract<GatewayEvent, { type: 'retrain-action' }>): string {
  return `${action} ${action === 'pipeline' && result === 'done' ? 'started' : result}: ${detail}`;
}
