import { readFileSync } from 'node:fs';
import {
  type ExportablePlan,
  exportDeploymentConfig,
  importDeploymentConfig,
  type Unmapped,
} from '../rollout/deployment-config.ts';
import { DeploymentConfigError } from '../rollout/deployment-fields.ts';
import type { AdminClient } from './admin-client.ts';
import { type Io, UsageError } from './options.ts';

type Output = Pick<Io, 'out' | 'err'>;

/** `meridian canary import FILE` and `export MODEL`, whose plan is that of the config in force. */
export async function deploymentFile(
  act: 'import' | 'export',
  what: string | undefined,
  admin: Pick<AdminClient, 'get'>,
  io: Output,
): Promise<number> {
  if (act === 'import') {
    if (what === undefined) throw new UsageError('Name a file that holds a DeploymentConfig as JSON.');
    return printImport(textOf(what), io);
  }
  if (what === undefined) throw new UsageError('Name the model whose plan is to be exported.');
  const { config } = (await admin.get('/admin/config')) as {
    config: { models: Record<string, { canary: ExportablePlan }> };
  };
  const plan = Object.hasOwn(config.models, what) ? config.models[what]?.canary : undefined;
  if (plan === undefined) throw new UsageError(`No model ${what}: there are ${Object.keys(config.models).join(', ')}.`);
  return printExport(plan, io);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

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
