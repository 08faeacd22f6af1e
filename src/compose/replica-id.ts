import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';

/** Twelve hex digits. One process has a state directory at a time, and the one after it goes on with its work. */
export function replicaId(stateDir: string): string {
  return createHash('sha256')
    .update(`${hostname()}:${resolve(stateDir)}`)
    .digest('hex')
    .slice(0, 12);
}
