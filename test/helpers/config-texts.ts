import { findingText } from '../../src/config/findings.ts';
import { type Loaded, loadConfigText } from '../../src/config/load.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';

/** Two regions, two models, everything in order: what tests break one thing of. */
export const soundConfig = `auth: none
regions: { us-east-1: , eu-west-1: }
models:
  rain:
    aliases: [rain-prod]
    cache: { freshSeconds: 5 }
    fallback: [stale, { model: drizzle }]
    versions:
      v1:
        weight: 90
        targets:
          - { region: us-east-1, endpoint: rain-v1, price: { instance: ml.m5.large } }
          - { region: eu-west-1, endpoint: rain-v1, price: { instance: ml.m5.large } }
  drizzle:
    versions:
      v1:
        targets:
          - { region: us-east-1, endpoint: drizzle, price: { instance: ml.m5.large } }
          - { kind: sagemaker-serverless, region: eu-west-1, endpoint: drizzle, memoryMb: 1024 }
`;

/** Loads a text as `c.yaml`, without files. */
export function loadText(text: string, env: Record<string, string> = {}): Loaded {
  const readFile = (path: string): string => {
    throw Object.assign(new Error(path), { code: 'ENOENT' });
  };
  return loadConfigText(text, 'c.yaml', { env, readFile });
}

/** The findings of one severity as they are printed. */
export function told(loaded: Loaded, severity: 'error' | 'warning' | 'note'): string[] {
  return loaded.findings.filter(finding => finding.severity === severity).map(findingText);
}

/** The resolved form of a text that must load. */
export function resolvedText(text: string, env: Record<string, string> = {}): ResolvedConfig {
  const loaded = loadText(text, env);
  if (!loaded.ok) throw new Error(told(loaded, 'error').join('\n'));
  return loaded.resolved;
}

/** `soundConfig` with one piece of text replaced. Throws when the piece is not there. */
export function edited(piece: string, by: string): string {
  if (!soundConfig.includes(piece)) throw new Error(`not in the config: ${piece}`);
  return soundConfig.replace(piece, by);
}
