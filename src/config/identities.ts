import { createHash } from 'node:crypto';
import type { CredentialsOptions } from '../backends/options.ts';

/** Credentials as used in one region: the unit that is refreshed on its own and that signs for targets. */
export interface Identity {
  readonly credentials: CredentialsOptions;
  readonly region: string;
}

function labelOf(credentials: CredentialsOptions): string {
  if (credentials === 'default') return 'default';
  const digest = createHash('sha256').update(JSON.stringify(credentials)).digest('hex').slice(0, 8);
  return `${'roleArn' in credentials ? 'role' : 'keys'}-${digest}`;
}

/**
 * `default@us-east-1`, `role-1a2b3c4d@eu-west-1`: equal for equal credentials, different for different ones, so that a
 * reload keeps a refresher exactly when its name is still there. Shows neither account, role nor secret.
 */
export function identityName(credentials: CredentialsOptions, region: string): string {
  return `${labelOf(credentials)}@${region}`;
}
