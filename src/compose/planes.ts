import type { FastifyInstance } from 'fastify';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Served } from '../core/result.ts';
import type { Batches } from '../jobs/batches/batches.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { inputPlaces } from '../jobs/places.ts';
import type { Episodes } from '../retrain/episodes.ts';
import type { Versions } from '../retrain/versions.ts';
import { adminRoutes } from '../routes/admin/admin.ts';
import { batchRoutes } from '../routes/batches.ts';
import { bedrockRoutes } from '../routes/bedrock.ts';
import { feedbackRoutes } from '../routes/feedback.ts';
import { healthRoutes } from '../routes/health.ts';
import { jobRoutes } from '../routes/jobs.ts';
import { notificationRoutes } from '../routes/notifications.ts';
import { type OpenInferencePorts, openInferenceRoutes } from '../routes/open-inference.ts';
import { openAiRoutes } from '../routes/openai.ts';
import { cutOffRest } from '../routes/reader.ts';
import { sagemakerRoutes } from '../routes/sagemaker.ts';
import { tensorFlowRoutes } from '../routes/tensorflow-serving.ts';
import { speakHttp2Too } from '../routes/two-protocols.ts';
import { badRequests, refuseUnreadable, unknownRoutes } from '../routes/unknown.ts';
import { v1Routes } from '../routes/v1.ts';
import type { RoutedRequest } from '../routing/router.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { adminPorts, type Refusal } from './admin.ts';
import { batchPorts } from './batches.ts';
import type { CanaryPart } from './canary.ts';
import type { DriftSide } from './drift.ts';
import { jobPorts } from './jobs.ts';
import { headersTimeoutMs, keepAliveMs, newServer } from './listen.ts';
import type { Parts } from './parts.ts';
import type { Replica } from './replica.ts';
import type { Shadowing } from './shadow.ts';

/** What both listeners are made of. */
export interface PlaneDeps {
  readonly parts: Parts;
  /** The request path. */
  serve(model: Model, request: InferenceRequest): Promise<Served>;
  readonly jobs: Jobs;
  readonly batches: Batches;
  readonly shadowing: Shadowing;
  readonly episodes: Episodes;
  readonly versions: Versions;
  /** Another build may stand behind an endpoint's name. */
  endpointChanged(endpoint: string, region: string, detail: string): void;
  readonly drift: DriftSide;
  readonly canaries: CanaryPart;
  readonly replica: Replica;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Of the gateway. */
  readonly version: string;
  refusal(): Refusal | undefined;
}

/** What readiness of a model is asked with. */
const inferRequest: RoutedRequest = {
  operation: 'infer',
  fields: {},
  hints: { fallback: 'any', cache: { noCache: false, noStore: false } },
  caller: { tenant: 'readiness' },
  body: { length: 0 },
};

/** The data plane: inference only. */
export function dataPlane(deps: PlaneDeps): FastifyInstance {
  const { parts, jobs, batches, drift, replica, logger } = deps;
  const { identify, limits: tenants } = parts.callers;
  const onFault = faultLog(logger);
  const invoke = invokePorts(deps, onFault);
  const server = dataServer(parts);
  sagemakerRoutes(server, invoke);
  bedrockRoutes(server, invoke);
  openAiRoutes(server, invoke);
  openInferenceRoutes(server, invoke, replica);
  v1Routes(server, invoke);
  tensorFlowRoutes(server, invoke);
  const jobsSide = jobPorts(parts, jobs, { identify, onFault, warn: message => logger.warn(message) });
  jobRoutes(server, jobsSide);
  batchRoutes(server, batchPorts(parts, batches, { identify, onFault }));
  notificationRoutes(server, jobsSide);
  feedbackRoutes(server, {
    clock: parts.clock,
    admission: parts.admission,
    identify,
    tenants,
    taken: drift.takesFeedback,
    caughtUp: drift.caughtUp,
    take: drift.feedback.take,
    bodyTimeoutMs: () => parts.config().config.limits.bodyTimeoutMs,
    onFault,
  });
  healthRoutes(server, replica);
  unknownRoutes(server);
  badRequests(server, onFault);
  return server;
}

/** What the routes of every protocol have of the gateway. */
function invokePorts({ parts, serve, replica, version }: PlaneDeps, onFault: FaultLog): OpenInferencePorts {
  const { config, callers } = parts;
  const limits = () => config().config.limits;
  return {
    version,
    mayServe: (model, asked) =>
      model.versions.some(
        each => (asked ?? each.name) === each.name && parts.router.hasCandidates(model, each, inferRequest),
      ),
    clock: parts.clock,
    emit: parts.emit,
    admission: parts.admission,
    identify: callers.identify,
    models: ({ models }) => [...config().models.keys()].filter(name => models?.has(name) ?? true),
    limits: callers.limits,
    model: name => config().names.get(name),
    serve,
    inputPlaces: (location, { tenant }) => inputPlaces(config().config.jobs, location, tenant),
    onFault,
    inFlight: replica.inFlight,
    // Node's own limit is that of uploads where there are jobs.
    bodyTimeoutMs: () => (config().config.jobs === undefined ? undefined : limits().bodyTimeoutMs),
    maxJsonValues: () => limits().maxJsonValues,
    stalledReaderMs: () => limits().bodyTimeoutMs,
    get draining() {
      return replica.draining;
    },
  };
}

/** HTTP/1.1 and HTTP/2 on one port, and time limits for both. */
function dataServer({ clock, config }: Parts): FastifyInstance {
  const limits = () => config().config.limits;
  const { bodyTimeoutMs } = limits();
  const uploadMs = config().config.jobs?.uploadTimeoutMs;
  const server = newServer(bodyTimeoutMs, uploadMs);
  const firstBytesMs = headersTimeoutMs(bodyTimeoutMs);
  const arrivesMs = Math.max(bodyTimeoutMs, uploadMs ?? 0);
  speakHttp2Too(server, { clock, firstBytesMs, arrivesMs, keepAliveMs, refuse: refuseUnreadable });
  server.addHook('onResponse', (request, _, done) => {
    cutOffRest(request.raw, clock, limits().bodyTimeoutMs);
    done();
  });
  // Routes read the bytes themselves; what no route takes is refused unread.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])
    server.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  return server;
}

/** The admin plane: metrics and the operator's side. */
export function adminPlane(deps: PlaneDeps): FastifyInstance {
  const { parts, replica, logger } = deps;
  const server = newServer(parts.config().config.limits.bodyTimeoutMs);
  const ports = adminPorts({ ...deps, explain: parts.routing.explain });
  adminRoutes(server, ports, faultLog(logger));
  healthRoutes(server, replica);
  unknownRoutes(server, 'admin');
  return server;
}

type FaultLog = (error: unknown, requestId: string) => void;

function faultLog(logger: Logger): FaultLog {
  return (error, requestId) => logger.error({ err: error, requestId }, 'the gateway failed on a request');
}
