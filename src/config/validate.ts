import type { Finding } from './findings.ts';
import { type Checked, Inspection, type Rule } from './inspection.ts';
import {
  keysAreDistinct,
  keysHaveOneSecret,
  keysNameModels,
  keysReachTargets,
  openToAllIsSaid,
  someoneMayCall,
  tenantsHaveKeys,
  tenantsNameModels,
} from './rules/callers.ts';
import { approversAreKnown, canaryPlansAreSound, canaryVersionsExist } from './rules/canary.ts';
import {
  cacheHoldsSomething,
  contentTypesAreHeaders,
  fallbackHasNoCycle,
  fallbackModelsCanServe,
  fallbackModelsExist,
  fallbackStepsAreReached,
  staleHasACache,
} from './rules/fallback.ts';
import { jobRegionsExist, jobsSurviveARegion, webhooksAreSafe } from './rules/jobs.ts';
import { bodiesFitMemory, deadlinesFit, ejectionTimesFit, replicasShareState, timersFit } from './rules/limits.ts';
import { addressesAreUsable, adminIsGuarded } from './rules/listeners.ts';
import {
  modelsSurviveARegion,
  namesAreDistinct,
  residencyLeavesTargets,
  secondCallsAreSafe,
  settingsHaveEffect,
  someTargetHasWeight,
  someVersionHasWeight,
  streamSettingsHaveEffect,
  tenantsAreKnown,
} from './rules/models.ts';
import {
  baselinesAreReadable,
  captureHasDestinations,
  destinationsAreOnePlace,
  marksAreInOrder,
  performanceCanBeMeasured,
  scopesAreClasses,
} from './rules/monitors.ts';
import { newVersionsHaveAPattern } from './rules/new-versions.ts';
import { nameServersAreAddresses, pathsAreUsable } from './rules/paths.ts';
import { egressIsKnown, pricesAreKnown, pricesFitTheirKind } from './rules/prices.ts';
import { redisIsOneThing } from './rules/redis.ts';
import {
  credentialsAreOneKind,
  everyRegionIsUsed,
  regionNamesAreLikely,
  regionUrlsAreUsable,
} from './rules/regions.ts';
import {
  actionRegionsExist,
  actionsAreSafe,
  episodesCanOpen,
  hookTokensAreDistinct,
  retrainNumbersFit,
  shippedRulesJudgeAlike,
} from './rules/retrain.ts';
import { shadowsAreMirroredTo, shadowsCanBeAsked, shadowsStandApart } from './rules/shadow.ts';
import {
  kindsFitTheirSettings,
  otherPlacesAreNotAws,
  probesCanBeAnswered,
  profilesFitTheirRegions,
  serverUrlsAreUsable,
  sharesAreWhole,
  targetRegionsExist,
  targetsAreDistinct,
} from './rules/targets.ts';
import { transformRegionsHaveBuckets, transformsArePriced } from './rules/transforms.ts';

/** What is asked of every config, under the headings `meridian check` shows. */
const rules = {
  listeners: [addressesAreUsable, adminIsGuarded],
  callers: [
    openToAllIsSaid,
    someoneMayCall,
    keysHaveOneSecret,
    keysAreDistinct,
    keysNameModels,
    keysReachTargets,
    tenantsNameModels,
    tenantsHaveKeys,
  ],
  regions: [regionNamesAreLikely, regionUrlsAreUsable, everyRegionIsUsed, credentialsAreOneKind],
  models: [
    namesAreDistinct,
    someVersionHasWeight,
    someTargetHasWeight,
    residencyLeavesTargets,
    modelsSurviveARegion,
    secondCallsAreSafe,
    tenantsAreKnown,
    settingsHaveEffect,
    streamSettingsHaveEffect,
    newVersionsHaveAPattern,
    shadowsCanBeAsked,
    shadowsAreMirroredTo,
    shadowsStandApart,
    canaryVersionsExist,
    canaryPlansAreSound,
    approversAreKnown,
  ],
  targets: [
    targetRegionsExist,
    targetsAreDistinct,
    kindsFitTheirSettings,
    profilesFitTheirRegions,
    otherPlacesAreNotAws,
    serverUrlsAreUsable,
    sharesAreWhole,
    probesCanBeAnswered,
  ],
  fallback: [
    fallbackModelsExist,
    fallbackHasNoCycle,
    fallbackStepsAreReached,
    staleHasACache,
    cacheHoldsSomething,
    fallbackModelsCanServe,
    contentTypesAreHeaders,
  ],
  jobs: [jobRegionsExist, jobsSurviveARegion, webhooksAreSafe, transformRegionsHaveBuckets, transformsArePriced],
  monitors: [
    baselinesAreReadable,
    scopesAreClasses,
    marksAreInOrder,
    performanceCanBeMeasured,
    captureHasDestinations,
    destinationsAreOnePlace,
  ],
  retraining: [
    actionRegionsExist,
    retrainNumbersFit,
    episodesCanOpen,
    shippedRulesJudgeAlike,
    actionsAreSafe,
    hookTokensAreDistinct,
  ],
  limits: [
    pathsAreUsable,
    nameServersAreAddresses,
    deadlinesFit,
    bodiesFitMemory,
    ejectionTimesFit,
    timersFit,
    redisIsOneThing,
    replicasShareState,
  ],
  prices: [pricesFitTheirKind, pricesAreKnown, egressIsKnown],
} as const satisfies Record<string, readonly Rule[]>;

/** What findings of rules are told under. */
export type Heading = keyof typeof rules;

/** Asks every rule what the schema cannot say: references, contradictions, settings without effect. */
export function validate(checked: Checked): ReadonlyMap<Heading, readonly Finding[]> {
  const headings = Object.keys(rules) as Heading[];
  return new Map(
    headings.map(heading => {
      const inspection = new Inspection(checked);
      for (const rule of rules[heading]) rule(inspection);
      return [heading, inspection.findings] as const;
    }),
  );
}
