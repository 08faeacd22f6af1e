import { GatewayError } from '../core/errors.ts';
import type { CreateKeyBody, KeyPorts, RevokeKeyBody, RotateKeyBody } from '../routes/admin/keys.ts';
import type { Auditor } from './auditor.ts';
import { namedModel } from './named-model.ts';
import type { Parts } from './parts.ts';

/** How long both secrets of a rotated key live, unless the operator says. */
const overlapSeconds = 86_400;

/** What operators do with issued keys, each act written down. */
export function keyActs(parts: Parts, { audited }: Auditor): KeyPorts {
  const { issued } = parts.callers;
  return {
    keys: () => ({ keys: issued.list() }),
    createKey: audited('keys create', async (what: CreateKeyBody, actor) => {
      const expiresAt = expiryOf(parts, what);
      const grant = {
        tenant: what.tenant,
        ...(what.models && { models: what.models.map(name => namedModel(parts, name).name) }),
        ...(what.residency && { residency: what.residency.map(name => residencyNamed(parts, name)) }),
        ...(expiresAt !== undefined && { expiresAt }),
      };
      return { ...(await issued.create(grant, actor)), ...grant };
    }),
    rotateKey: audited('keys rotate', async (what: RotateKeyBody) => {
      if (!what.finish) return issued.rotate(what.id, (what.overlapSeconds ?? overlapSeconds) * 1000);
      await issued.finish(what.id);
      return { id: what.id };
    }),
    revokeKey: audited('keys revoke', async (what: RevokeKeyBody, actor) => {
      await issued.revoke(what.id, actor);
      return { id: what.id };
    }),
  };
}

function expiryOf({ clock }: Parts, { expiresAt, expiresInSeconds }: CreateKeyBody): string | undefined {
  const now = clock.wallMs();
  if (expiresAt === undefined && expiresInSeconds === undefined) return undefined;
  const ms = expiresAt === undefined ? now + (expiresInSeconds ?? 0) * 1000 : Date.parse(expiresAt);
  if (ms > now) return new Date(ms).toISOString();
  throw new GatewayError('invalid-request', `${expiresAt} is no time to come: name one, such as 2030-01-31 or 90d.`);
}

function residencyNamed(parts: Parts, name: string): string {
  const known = new Set([...parts.config().regions.values()].map(({ residency }) => residency));
  if (known.has(name)) return name;
  throw new GatewayError('not-found', `No region has the residency ${name}: there are ${[...known].join(', ')}.`);
}
