import type { ModelContainer } from '../model-port.ts';
import { containerOf } from '../models/containers.ts';
import { rainRecipes } from '../models/rain.ts';
import { readTraining, retrainRain, type TrainingInput } from '../models/retraining.ts';
import type { RainWeights } from '../models/weights.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import type { ModelRegistry } from './model-packages.ts';
import type { Pipeline, PipelineWork } from './pipelines.ts';

/** What the pipeline is given of the account it runs in. */
export interface RainPipelineParts {
  readonly registry: ModelRegistry;
  /** Creates an endpoint of this name in every region, serving the container. */
  deploy(endpoint: string, container: ModelContainer): void;
  wallMs(): number;
}

const group = 'rain';

/**
 * Trains the rain model anew on what was captured and what came true, measures it on examples kept back, deploys it as
 * `rain-rN` and registers it. Parameters: where captured calls and truths are (`s3://…` prefixes in this region), and
 * the approval the package gets.
 */
export function rainPipeline({ registry, deploy, wallMs }: RainPipelineParts): Pipeline {
  return {
    name: 'rain-retrain',
    defaults: {
      CaptureUri: '',
      TruthUri: '',
      ModelApprovalStatus: 'Approved',
      /** Newest examples that are used. */
      Latest: '1500',
      Episode: '',
    },
    steps: [
      {
        name: 'Join',
        run: ({ parameters, objects, made }) => {
          const captured = texts(objects, parameters['CaptureUri'] ?? '');
          const truths = texts(objects, parameters['TruthUri'] ?? '');
          made.set('input', readTraining(captured, truths));
        },
      },
      {
        name: 'Train',
        run: ({ parameters, made }) => {
          const { examples, labelled, captured } = made.get('input') as TrainingInput;
          const from = `${parameters['CaptureUri']} (${labelled} of ${captured} captured calls had a truth)`;
          made.set('weights', retrainRain(rainRecipes.v2, examples.slice(-Number(parameters['Latest'])), from));
        },
      },
      { name: 'DeployAndRegister', run: work => deployAndRegister(work, { registry, deploy, wallMs }) },
    ],
  };
}

function deployAndRegister({ parameters, made }: PipelineWork, parts: RainPipelineParts): void {
  const weights = made.get('weights') as RainWeights;
  const version = parts.registry.nextVersion(group);
  const endpoint = `rain-r${version}`;
  parts.deploy(endpoint, containerOf(rainRecipes.v2, weights));
  parts.registry.register({
    group,
    version,
    endpoint,
    quality: weights.heldOut,
    createdAtMs: parts.wallMs(),
    approval: parameters['ModelApprovalStatus'] === 'Approved' ? 'Approved' : 'PendingManualApproval',
  });
}

/** Every object under an `s3://bucket/prefix`. Throws S3Error for a bucket that is elsewhere. */
function texts(objects: ObjectStore, uri: string): string[] {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri) ?? [];
  if (bucket === undefined) throw new Error(`'${uri}' is no S3 URI`);
  return objects.list(bucket, prefix).map(([, { body }]) => body.toString());
}
