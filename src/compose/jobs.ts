import { withoutSecrets } from '../backends/sanitise.ts';
import { snsUrlOf } from '../config/regions.ts';
import { residencyBound } from '../core/residency.ts';
import { openBook } from '../jobs/book.ts';
import { createGate } from '../jobs/gate.ts';
import type { Job } from '../jobs/job.ts';
import { jobKind } from '../jobs/job-kind.ts';
import { type Jobs, startJobs } from '../jobs/jobs.ts';
import { takeNotification } from '../jobs/notifications.ts';
import { partBytes, partsHeld } from '../jobs/parts.ts';
import { showJob } from '../jobs/show-job.ts';
import { tellWebhooks } from '../jobs/webhook.ts';
import type { JobRoutePorts, ShownJob } from '../routes/jobs-ports.ts';
import { jobRequest, type SubmissionPorts, submitJob } from './job-submission.ts';
import type { Parts } from './parts.ts';
import { replicaId } from './replica-id.ts';
import { snsSignatures } from './sns-signatures.ts';

/** Inputs that are copied to another region at once, 32 MiB of memory each. */
const copiesAtOnce = 4;

/** Jobs over the gateway's parts; every submission goes down the ordinary request path. */
export function createJobs(parts: Parts, ports: SubmissionPorts, warn: (message: string) => void): Jobs {
  const { clock, emit, backends, health, stores } = parts;
  const { objects: store, poster } = backends;
  const options = () => parts.config().config.jobs;
  const book = openBook(jobKind, { clock, state: stores.state, store, options, warn });
  return startJobs({
    clock,
    emit,
    store,
    book,
    copies: createGate(copiesAtOnce),
    options,
    ready: backends.ready,
    warn,
    replica: replicaOf(parts),
    regionsFor: job => regionsFor(parts, job),
    regionState: region => health.regions().get(region) ?? 'serving',
    submit: (job, inputs) => submitJob(parts, ports, job, inputs),
    tell: job => {
      const message = { type: 'job-finished', job: showJob(job, clock.wallMs()) };
      return tellWebhooks({ poster, clock }, options()?.webhooks ?? [], job.tenant, message);
    },
    clean: (job, { target }, text) => {
      const endpoint = parts.config().targets.find(each => each.model === job.model && each.name === target)?.endpoint;
      return withoutSecrets(text, endpoint ?? target, job.model);
    },
  });
}

export function replicaOf(parts: Parts): string {
  return replicaId(parts.config().config.stateDir);
}

/** Regions with a bucket where a target may serve the job: those that may now in routed order, then the rest. */
function regionsFor(parts: Parts, job: Pick<Job, 'model' | 'residency'>): readonly string[] {
  const { config, models } = parts.config();
  const model = models.get(job.model);
  if (model === undefined) return [];
  const request = { ...jobRequest(parts, job), body: { length: 0 } };
  const routes = parts.router.reachable(model, request).map(version => parts.router.route(model, version, request));
  const ordered = [
    ...routes.flatMap(({ candidates }) => candidates.map(({ target }) => target)),
    ...routes.flatMap(({ excluded }) => excluded.map(({ target }) => target)),
  ].filter(target => parts.router.mayEverServe(model, target, request));
  const regions = new Set(ordered.map(({ region }) => region));
  return [...regions].filter(region => Object.hasOwn(config.jobs?.buckets ?? {}, region));
}

/** What the routes of jobs are given. */
export function jobPorts(
  parts: Parts,
  jobs: Jobs,
  rest: Pick<JobRoutePorts, 'identify' | 'onFault'> & { warn(message: string): void },
): JobRoutePorts {
  const { clock, emit, admission } = parts;
  const signedBy = snsSignatures({
    clock,
    poster: parts.backends.poster,
    snsUrlOf: region => parts.config().regions.get(region)?.snsUrl ?? snsUrlOf(region),
  });
  // What cannot be told now is only a hint less.
  const isSigned = async (posted: unknown) => (await signedBy(posted)) === 'signed';
  const shown = (job: Job): ShownJob => ({ ...showJob(job, clock.wallMs()) });
  return {
    clock,
    emit,
    admission,
    identify: rest.identify,
    tenants: parts.callers.limits,
    onFault: rest.onFault,
    model: name => parts.config().names.get(name),
    accept: async ({ id, model, caller, fields, hints: wished }, payload) => {
      const { contentType, accept, customAttributes, invocationTimeoutSeconds, inferenceId = id } = fields;
      const bound = residencyBound(model, { caller, hints: wished });
      const job = {
        id,
        owner: replicaOf(parts),
        tenant: caller.tenant,
        model: model.name,
        createdAtMs: clock.wallMs(),
        inferenceId,
        fields: {
          ...(contentType !== undefined && { contentType }),
          ...(accept !== undefined && { accept }),
          ...(customAttributes !== undefined && { customAttributes }),
          ...(invocationTimeoutSeconds !== undefined && { invocationTimeoutSeconds }),
        },
        residency: bound && [...bound],
      };
      return shown(await jobs.accept(job, payload));
    },
    find: async (id, { tenant }) => shown(await jobs.find(id, tenant)),
    result: async (id, { tenant }) => jobs.result(await jobs.find(id, tenant)),
    withdraw: async (id, { tenant }) => {
      const job = await jobs.find(id, tenant);
      const withdrawn = await jobs.withdraw(job);
      return withdrawn && shown(withdrawn);
    },
    notify: message => {
      const topics = parts.config().config.jobs?.topics ?? [];
      const { poster } = parts.backends;
      return takeNotification({ topics, poster, isSigned, hint: jobs.hint, warn: rest.warn }, message);
    },
    limits: () => {
      const { jobs: options, limits } = parts.config().config;
      return {
        maxBytes: options?.maxInputBytes ?? 0,
        idleMs: limits.bodyTimeoutMs,
        heldBytes: partBytes * partsHeld,
      };
    },
  };
}
