import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** One rule of Prometheus: an alert, or a series that is recorded. */
export interface MonitoringRule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A file of rules. */
export interface RuleFile {
  readonly groups: { readonly name: string; readonly rules: MonitoringRule[] }[];
}

export const configRoot = join(import.meta.dirname, '../../config');
const rulesDir = join(configRoot, 'prometheus/rules');

/** The shipped rule files, by name. */
export const ruleFiles: ReadonlyMap<string, RuleFile> = new Map(
  readdirSync(rulesDir).map(name => [name, parse(readFileSync(join(rulesDir, name), 'utf8')) as RuleFile]),
);

/** Every shipped rule. */
export const shippedRules: readonly MonitoringRule[] = [...ruleFiles.values()].flatMap(({ groups }) =>
  groups.flatMap(({ rules }) => rules),
);

/** Runs a tool to its end; everything it said, and whether it was content. */
export function runTool(command: string, args: readonly string[]): { ok: boolean; said: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: configRoot });
  if (error !== undefined) throw error;
  return { ok: status === 0, said: stdout + stderr };
}
