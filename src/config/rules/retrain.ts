import type { ActionOptions } from '../../retrain/options.ts';
import type { Path } from '../findings.ts';
import type { Inspection, Rule } from '../inspection.ts';
import { didYouMean } from '../nearest.ts';
import type { ModelOptions } from '../schema.ts';
import { residencyOf } from './lookups.ts';
import { checkUrl } from './urls.ts';

type Retrained = readonly [
  name: string,
  retrain: NonNullable<ModelOptions['retrain']>,
  path: Path,
  model: ModelOptions,
];

function retrained(inspection: Inspection): readonly Retrained[] {
  return inspection.models().flatMap(([name, options, path]) => {
    const at = [...path, 'retrain'];
    const { retrain } = options;
    return retrain === undefined || !inspection.sound(at) ? [] : [[name, retrain, at, options] as const];
  });
}

/** Regions that actions go to are in the config, and another residency is said to be one. */
export const actionRegionsExist: Rule = inspection => {
  if (inspection.standIn(['regions'])) return;
  const known = Object.keys(inspection.config.regions);
  for (const [, { actions }, path] of retrained(inspection)) {
    for (const [index, action] of actions.entries()) {
      if (action.kind === 'webhook') continue;
      const places: [string, Path][] = [
        [action.region, [...path, 'actions', index, 'region']],
        ...action.otherRegions.map((each, other): [string, Path] => [
          each,
          [...path, 'actions', index, 'otherRegions', other],
        ]),
      ];
      for (const [region, at] of places) {
        if (!known.includes(region)) {
          const mend = `known: ${known.join(', ')}${didYouMean(region, known)}`;
          inspection.error(at, `no region is called ${inspection.shown(at, region)}`, mend);
        } else if (residencyOf(inspection, region) !== residencyOf(inspection, action.region)) {
          const problem = `${region} is another residency than ${action.region}`;
          inspection.warning(at, problem, 'it is sent references; see to it that no data crosses the border there');
        }
      }
    }
  }
};

/** Numbers of windows, monitors and minutes can come true together. */
export const retrainNumbersFit: Rule = inspection => {
  for (const [, { windows, confirmedBy, settleMinutes }, path, { monitor }] of retrained(inspection)) {
    if (windows.drifted > windows.of) {
      const problem = `${windows.drifted} of the last ${windows.of} windows can never have drifted`;
      inspection.error([...path, 'windows', 'drifted'], problem, 'lower drifted, or raise of');
    }
    if (confirmedBy.length === 0)
      inspection.warning([...path, 'confirmedBy'], 'no monitor suffices', 'name one, or nothing is ever retrained');
    const windowMinutes = monitor && (monitor.windows.paneSeconds * monitor.windows.tumblingPanes) / 60;
    if (windowMinutes !== undefined && settleMinutes < windowMinutes) {
      const problem = `windows take ${windowMinutes} minutes, so some that show an evacuation end after settleMinutes`;
      inspection.warning([...path, 'settleMinutes'], problem, `at least ${windowMinutes}`);
    }
  }
};

/** Something can open an episode, and something follows from it. */
export const episodesCanOpen: Rule = inspection => {
  const { hooks } = inspection.config;
  for (const [name, { evaluator, actions }, path, { monitor }] of retrained(inspection)) {
    if (evaluator && monitor === undefined)
      inspection.warning(path, `${name} has no monitor, so no window is judged`, 'add models.MODEL.monitor');
    if (!evaluator && hooks.tokens.length === 0)
      inspection.warning([...path, 'evaluator'], 'nobody may tell of drift', 'add a token to hooks.tokens');
    if (actions.length === 0) inspection.note(path, `drift of ${name} is told, and retrains nothing`, 'add actions');
  }
};

/** In PromQL. */
function duration(ms: number): string {
  const whole = Math.round(ms);
  return whole % 1_000 === 0 ? `${whole / 1_000}s` : `${whole}ms`;
}

/** Where Prometheus judges, it does so by the shipped rules, which cannot read these settings. */
export const shippedRulesJudgeAlike: Rule = inspection => {
  for (const [, { evaluator, windows }, path, { monitor }] of retrained(inspection)) {
    if (evaluator) continue;
    const { drifted, of, clear } = windows;
    if (drifted !== 3 || of !== 4 || clear !== 3) {
      const problem =
        'Prometheus counts windows by its rules: 3 of 4, and 3 clear, where they are those that are shipped';
      inspection.warning([...path, 'windows'], problem, 'change rules/drift.yml alike, or set evaluator: true');
    }
    const windowMs = monitor && monitor.windows.paneSeconds * monitor.windows.tumblingPanes * 1_000;
    if (windowMs === undefined || windowMs === 3_600_000) continue;
    const window = duration(windowMs);
    const [of4, clear3] = [4, 3].map(count => duration(windowMs * (count - 1 / 60)));
    const problem = `windows take ${window}, and the shipped rules of Prometheus count those of an hour`;
    const mend = `in rules/drift.yml [239m:1h] becomes [${of4}:${window}], and [179m:1h] [${clear3}:${window}]`;
    inspection.warning([...path, 'evaluator'], problem, mend);
  }
};

/** Places of captured data have these names, of a residency class too. */
const words = /^(model|version|scope|episode|baseline|(capture|feedback)(-[a-z0-9-]{1,32})?)$/;

/** What actions send is filled in, and goes where nobody reads along. */
export const actionsAreSafe: Rule = inspection => {
  const webhook = {
    example: 'https://host/path',
    credentials: 'the secret signs what is posted',
    what: 'episodes',
  };
  for (const [, { actions }, path, { monitor }] of retrained(inspection)) {
    const scopes = Object.keys(monitor?.scopes ?? {});
    for (const [index, action] of actions.entries()) {
      const at = [...path, 'actions', index];
      if (action.kind === 'webhook') checkUrl(inspection, [...at, 'url'], action.url, webhook);
      if (action.kind === 'pipeline') checkWords(inspection, [...at, 'parameters'], action, scopes);
    }
  }
};

function checkWords(
  inspection: Inspection,
  path: Path,
  action: Extract<ActionOptions, { kind: 'pipeline' }>,
  scopes: readonly string[],
): void {
  for (const [name, value] of Object.entries(action.parameters)) {
    for (const [whole, word = ''] of value.matchAll(/\{([a-zA-Z][a-zA-Z0-9-]*)\}/g)) {
      const place = /^(capture|feedback)-(.*)$/.exec(word);
      const strange = scopes.find(scope => place !== null && scope !== place[2]);
      if (!words.test(word))
        inspection.warning([...path, name], `${whole} is no word that is filled in`, 'it is sent as it is written');
      else if (strange !== undefined)
        inspection.warning(
          [...path, name],
          `an episode of the scope ${strange} has no ${whole}, and sends it as it is written`,
          `{${place?.[1]}} is the place of the episode’s own scope`,
        );
    }
  }
}

/** Tokens of hooks can be told apart; topics are of use with a token alone. */
export const hookTokensAreDistinct: Rule = inspection => {
  const { tokens, topics } = inspection.config.hooks;
  if (topics.length > 0 && tokens.length === 0)
    inspection.warning(['hooks', 'topics'], 'SNS has no token to post with', 'add a token to hooks.tokens');
  const seen = new Set<string>();
  for (const [index, { id, sha256 }] of tokens.entries()) {
    const at = ['hooks', 'tokens', index];
    if (seen.has(id)) inspection.error([...at, 'id'], `two tokens are called ${id}`, 'give each its own id');
    if (seen.has(sha256)) inspection.error([...at, 'sha256'], 'the same token twice', 'make another');
    seen.add(id).add(sha256);
  }
};
