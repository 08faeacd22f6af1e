import {
  type ExportablePlan,
  exportDeploymentConfig,
  importDeploymentConfig,
  type Unmapped,
} from '../rollout/deployment-config.ts';
import { DeploymentConfigError } from '../rollout/deployment-fields.ts';
import type { Io } from './options.ts';

type Output = Pick<Io, 'out' | 'err'>;

/**
 * Prints the `canary` block of a SageMaker `DeploymentConfig` (JSON text) as YAML, and on standard error what it does
 * not say. The exit code: 1 when it cannot be imported.
 */
export function printImport(text: string, io: Output): number {
  return tellMistakes(io, () => {
    const { plan, unmapped } = importDeploymentConfig(text);
    io.out(`canary:\n  steps: [${plan.steps.join(', ')}]\n  bakeMs: ${plan.bakeMs}\n`);
    tellUnmapped(io, unmapped);
  });
}

/** Prints a plan as `DeploymentConfig` JSON for `aws sagemaker update-endpoint`; the rest as `printImport`. */
export function printExport(plan: ExportablePlan, io: Output): number {
  return tellMistakes(io, () => {
    const { config, unmapped } = exportDeploymentConfig(plan);
    io.out(`${JSON.stringify(config, null, 2)}\n`);
    tellUnmapped(io, unmapped);
  });
}

function tellMistakes(io: Output, run: () => void): number {
  try {
    run();
    return 0;
  } catch (error) {
    if (!(error instanceof DeploymentConfigError)) throw error;
    for (const problem of error.problems) io.err(`${problem}\n`);
    return 1;
  }
}

function tellUnmapped(io: Output, unmapped: readonly Unmapped[]): void {
  for (const { field, instead } of unmapped) io.err(`not carried over: ${field}: ${instead}\n`);
}
