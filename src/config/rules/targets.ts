import type { TargetOptions } from '../../backends/options.ts';
import { isAwsRegion } from '../../core/residency.ts';
import { kindTraits, type TargetApi } from '../../core/target.ts';
import type { Path } from '../findings.ts';
import type { Inspection, LocatedTarget, Rule } from '../inspection.ts';
import { knownNames } from '../nearest.ts';
import { geographyOf } from '../regions.ts';
import { targetId } from '../resolve.ts';
import { geographyOfProfile, operationsOf } from '../target-abilities.ts';
import { checkUrl } from './urls.ts';

/** Each target's region is configured. */
export const targetRegionsExist: Rule = inspection => {
  const known = Object.keys(inspection.config.regions);
  if (inspection.standIn(['regions'])) return;
  for (const { path, target } of inspection.targets()) {
    const at = [...path, 'region'];
    if (known.includes(target.region) || !inspection.sound(at)) continue;
    const mend = knownNames(target.region, known);
    inspection.error(at, `no region is called ${inspection.shown(at, target.region)}`, mend);
  }
};

/** No target stands twice. */
export const targetsAreDistinct: Rule = inspection => {
  for (const [model, options] of inspection.models()) {
    const seen = new Map<string, LocatedTarget>();
    for (const located of inspection.targetsOf(model, options)) {
      if (!inspection.sound(located.path)) continue;
      const id = targetId(model, '', located.target);
      const first = seen.get(id);
      if (first === undefined) seen.set(id, located);
      else tellTwin(inspection, first, located);
    }
  }
};

function tellTwin(inspection: Inspection, first: LocatedTarget, second: LocatedTarget): void {
  if (first.version === second.version) {
    const problem = `the same target as the one at ${inspection.where(first.path)}`;
    inspection.error(second.path, problem, 'leave one out; to serve more calls raise maxConcurrency');
  } else {
    const problem = `the same place as a target of ${first.version}, so both versions are one`;
    inspection.warning(second.path, problem, 'name the version’s own endpoint, variant or component');
  }
}

/** What each kind cannot have, after the feature exclusions of SageMaker's guides and InvokeEndpointAsync's headers. */
const impossible = {
  'sagemaker-realtime': ['targetModel', 'memoryMb', 'url', 'auth'],
  'sagemaker-serverless': ['targetModel', 'variant', 'component', 'url', 'auth'],
  'sagemaker-multi-model': ['component', 'memoryMb', 'modelId', 'url', 'auth', 'api', 'template'],
  'sagemaker-async': ['targetModel', 'memoryMb', 'variant', 'component', 'modelId', 'url', 'auth', 'api', 'template'],
  bedrock: ['endpoint', 'variant', 'component', 'targetModel', 'memoryMb', 'url', 'auth', 'api', 'template'],
  http: ['endpoint', 'variant', 'component', 'targetModel', 'memoryMb', 'credentials'],
} as const satisfies Record<TargetOptions['kind'], readonly (keyof TargetOptions)[]>;

/** What each kind cannot be without. */
const places = {
  'sagemaker-realtime': 'endpoint',
  'sagemaker-serverless': 'endpoint',
  'sagemaker-multi-model': 'endpoint',
  'sagemaker-async': 'endpoint',
  bedrock: 'modelId',
  http: 'url',
} as const satisfies Record<TargetOptions['kind'], keyof TargetOptions>;
const mends = {
  endpoint: 'write the endpoint’s name',
  modelId: 'write the model’s id, or its inference profile’s',
  url: 'write the URL that the protocol’s paths come after',
} as const;

/** A target's settings are those of its kind. */
export const kindsFitTheirSettings: Rule = inspection => {
  for (const { path, target } of inspection.targets()) {
    if (!inspection.sound([...path, 'kind'])) continue;
    for (const key of impossible[target.kind]) {
      const at: Path = [...path, key];
      if (target[key] === undefined || !inspection.sound(at)) continue;
      inspection.error(at, `a ${target.kind} target has no ${key}`, 'leave it out, or correct kind');
    }
    const place = places[target.kind];
    if (target[place] === undefined && inspection.sound([...path, place])) {
      const problem = `is missing: a ${target.kind} target is reached by it`;
      inspection.error([...path, place], problem, mends[place]);
    }
    if (target.kind === 'sagemaker-serverless') checkServerless(inspection, path, target);
    checkApi(inspection, path, target);
  }
};

/** What the kinds that may have one can speak. */
const apisOf: Partial<Record<TargetOptions['kind'], readonly TargetApi[]>> = {
  'sagemaker-realtime': ['openai', 'tgi'],
  'sagemaker-serverless': ['openai', 'tgi'],
  http: ['openai', 'open-inference', 'invocations'],
};

function checkApi(inspection: Inspection, path: Path, { kind, api, template, modelId }: TargetOptions): void {
  const known = apisOf[kind];
  if (known === undefined || !inspection.sound([...path, 'api'])) return;
  if (kind !== 'http' && api !== 'openai' && modelId !== undefined && inspection.sound([...path, 'modelId']))
    inspection.error(
      [...path, 'modelId'],
      `a ${kind} target without api: openai has no modelId`,
      'leave it out, or correct kind',
    );
  if (api !== undefined && !known.includes(api))
    inspection.error([...path, 'api'], `a ${kind} target cannot speak ${api}`, `write one of ${known.join(', ')}`);
  const at: Path = [...path, 'template'];
  if (!inspection.sound(at) || (api === 'tgi') === (template !== undefined)) return;
  if (api === 'tgi')
    inspection.error(at, 'is missing: a tgi container takes text', 'write the one its model was trained with');
  else inspection.error(at, 'only a target of api tgi has one', 'leave it out, or write api: tgi');
}

/** `ProductionVariantServerlessConfig`: memory in steps of 1024 MB, at most 200 calls at once per endpoint. */
function checkServerless(inspection: Inspection, path: Path, target: TargetOptions): void {
  if (target.memoryMb === undefined && inspection.sound([...path, 'memoryMb'])) {
    const problem = 'is missing: a serverless target is priced by its memory';
    inspection.error([...path, 'memoryMb'], problem, 'write the endpoint’s memory, 1024 to 6144');
  }
  if (target.maxConcurrency <= 200) return;
  const problem = `${target.maxConcurrency} is above what a serverless endpoint can be given`;
  inspection.error([...path, 'maxConcurrency'], problem, 'write the endpoint’s own MaxConcurrency, at most 200');
}

/** Each replica's share of a target is at least one call. */
export const sharesAreWhole: Rule = inspection => {
  const { replicas } = inspection.config;
  if (!inspection.sound(['replicas'])) return;
  for (const { path, target } of inspection.targets()) {
    const at = [...path, 'maxConcurrency'];
    if (target.maxConcurrency >= replicas || !inspection.sound(at)) continue;
    const problem = `${target.maxConcurrency} shared by ${replicas} replicas: each takes 1, so the fleet may send ${replicas}`;
    inspection.warning(at, problem, 'raise it, or run fewer replicas');
  }
};

/** A sample payload can be sent to every target of its model. */
export const probesCanBeAnswered: Rule = inspection => {
  for (const { path, options, target } of inspection.targets()) {
    const needsModel = target.kind === 'sagemaker-multi-model' && target.targetModel === undefined;
    if (options.sample === undefined || !inspection.sound(path)) continue;
    if (needsModel) {
      const problem = 'a probe cannot say which target model it means, so the sample is not used here';
      inspection.warning(path, problem, 'fix targetModel, or leave the sample out');
    } else if (kindTraits[target.kind].queues) {
      inspection.warning(path, 'a probe would queue work, so the sample is not used here', 'leave the sample out');
    } else if (!operationsOf(target, false).includes('invoke')) {
      const problem = 'it takes no bytes of the model’s own format, so the sample is not used here';
      inspection.warning(path, problem, 'leave the sample out');
    }
  }
};

/** An inference profile is called from a region of its own geography. */
export const profilesFitTheirRegions: Rule = inspection => {
  for (const { path, target } of inspection.targets()) {
    const at = [...path, 'modelId'];
    const geography = geographyOfProfile(target);
    if (geography === undefined || geography === 'global' || !inspection.sound(at)) continue;
    if (geography === geographyOf(target.region)) continue;
    const problem = `a profile of ${geography} cannot be called from ${target.region}`;
    inspection.error(at, problem, 'name the profile of the region’s own geography');
  }
};

/** Places that are not AWS regions have no AWS endpoints, and say where they are. */
export const otherPlacesAreNotAws: Rule = inspection => {
  for (const { path, target } of inspection.targets()) {
    const at = [...path, 'region'];
    if (isAwsRegion(target.region) || !inspection.sound(at)) continue;
    if (target.kind !== 'http') {
      inspection.error(
        at,
        `a ${target.kind} target cannot be in ${target.region}`,
        'name an AWS region, or write kind: http',
      );
    } else if (target.residency === undefined && inspection.config.regions[target.region]?.residency === undefined) {
      inspection.error(at, 'no residency class says where this is', `write residency under regions.${target.region}`);
    }
  }
};

const serverUrl = { example: 'https://host/v1', credentials: 'write them as auth', what: 'calls' };

/** A server's URL can be called. */
export const serverUrlsAreUsable: Rule = inspection => {
  for (const { path, target } of inspection.targets()) {
    const at = [...path, 'url'];
    if (target.url !== undefined && inspection.sound(at)) checkUrl(inspection, at, target.url, serverUrl);
  }
};
