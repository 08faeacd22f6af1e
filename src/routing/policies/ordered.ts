import type { Policy } from '../router.ts';

/** The order of the config: first is primary, the others stand by. */
export function ordered(): Policy {
  return { rule: 'the order of the config', order: candidates => candidates };
}
