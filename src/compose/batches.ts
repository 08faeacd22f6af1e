import { withoutSecretsOrNumbers } from '../backends/sanitise.ts';
import { GatewayError } from '../core/errors.ts';
import type { Model, Version } from '../core/model.ts';
import { residencyBound } from '../core/residency.ts';
import type { Batch } from '../jobs/batches/batch.ts';
import { batchKind } from '../jobs/batches/batch-kind.ts';
import { batchPlaces } from '../jobs/batches/batch-places.ts';
import { type Batches, optionsOf, startBatches } from '../jobs/batches/batches.ts';
import { showBatch } from '../jobs/batches/show-batch.ts';
import { openBook } from '../jobs/book.ts';
import { tellWebhooks } from '../jobs/webhook.ts';
import type { BatchRoutePorts, ShownBatch } from '../routes/batches.ts';
import { replicaOf } from './jobs.ts';
import type { Parts } from './parts.ts';

/** Batches over the gateway's parts. */
export function createBatches(parts: Parts, warn: (message: string) => void): Batches {
  const { clock, emit, backends, health, stores } = parts;
  const { objects: store, transforms: plane, poster } = backends;
  const options = () => parts.config().config.jobs;
  return startBatches({
    clock,
    emit,
    store,
    plane,
    book: openBook(batchKind, { clock, state: stores.state, store, options, warn }),
    options,
    ready: backends.ready,
    warn,
    replica: replicaOf(parts),
    transforms: (model, version) =>
      parts
        .config()
        .models.get(model)
        ?.versions.find(({ name }) => name === version)?.transforms ?? [],
    regionState: region => health.regions().get(region) ?? 'serving',
    tell: batch => {
      const message = { type: 'batch-finished', batch: showBatch(batch, clock.wallMs()) };
      return tellWebhooks({ poster, clock }, options()?.webhooks ?? [], batch.tenant, message);
    },
    charge: (tenant, usd) => parts.callers.limits.charge({ tenant }, usd),
    clean: ({ model }, text) => withoutSecretsOrNumbers(text, model, model),
  });
}

/** What the routes of batches are given. */
export function batchPorts(
  parts: Parts,
  batches: Batches,
  rest: Pick<BatchRoutePorts, 'identify' | 'onFault'>,
): BatchRoutePorts {
  const { clock, emit, admission } = parts;
  const shown = (batch: Batch): ShownBatch => ({ ...showBatch(batch, clock.wallMs()) });
  return {
    clock,
    emit,
    admission,
    ...rest,
    tenants: parts.callers.limits,
    model: name => parts.config().names.get(name),
    bodyTimeoutMs: () => parts.config().config.limits.bodyTimeoutMs,
    accept: async (id, model, caller, hints, asked) => {
      const { inputLocation, outputLocation, contentType, accept, split, together } = asked;
      const options = optionsOf({ options: () => parts.config().config.jobs });
      const version = versionFor(model, asked.version);
      const bound = residencyBound(model, { caller, hints });
      const regions = (version.transforms ?? [])
        .filter(({ residency }) => bound?.has(residency) ?? true)
        .filter(({ region }) => mayBeIn(region, hints.region))
        .map(({ region }) => region);
      if (regions.length === 0)
        throw new GatewayError('no-eligible-target', `No region may run a batch of ${model.name} for this call.`);
      const { tenant } = caller;
      const batch = {
        id,
        owner: replicaOf(parts),
        tenant,
        model: model.name,
        version: version.name,
        createdAtMs: clock.wallMs(),
        places: batchPlaces(options, regions, { inputLocation, outputLocation }, { id, tenant }),
        keepsOutput: outputLocation !== undefined,
        ...(contentType !== undefined && { contentType }),
        ...(accept !== undefined && { accept }),
        split,
        together,
      };
      return shown(await batches.accept(batch));
    },
    find: async (id, { tenant }) => shown(await batches.find(id, tenant)),
    withdraw: async (id, { tenant }) => {
      const withdrawn = await batches.withdraw(await batches.find(id, tenant));
      return withdrawn && shown(withdrawn);
    },
  };
}

/** The version asked for, else the one in charge: of those that run batches, the one with the greatest weight. */
function versionFor(model: Model, asked: string | undefined): Version {
  const able = model.versions.filter(({ transforms = [] }) => transforms.length > 0);
  const [found] =
    asked === undefined ? able.toSorted((a, b) => b.weight - a.weight) : able.filter(version => version.name === asked);
  if (found !== undefined) return found;
  const message =
    asked === undefined ? `${model.name} runs no batches.` : `No such version of ${model.name} runs batches.`;
  throw new GatewayError('no-eligible-target', message);
}

function mayBeIn(region: string, wish: { readonly pin: string } | { readonly exclude: string } | undefined): boolean {
  if (wish === undefined) return true;
  return 'pin' in wish ? wish.pin === region : wish.exclude !== region;
}
