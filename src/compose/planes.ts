import type { FastifyInstance } from 'fastify';
import type { Model } from '../core/model.ts';
import type { InferenceRequest } from '../core/request.ts';
import type { Served } from '../core/result.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { inputPlaces } from '../jobs/places.ts';
import { adminRoutes } from '../routes/admin/admin.ts';
import { healthRoutes } from '../routes/health.ts';
import type { InvokePorts } from '../routes/invoke-ports.ts';
import { jobRoutes } from '../routes/jobs.ts';
import { notificationRoutes } from '../routes/notifications.ts';
import { sagemakerRoutes } from '../routes/sagemaker.ts';
import { badRequests, unknownRoutes } from '../routes/unknown.ts';
import { v1Routes } from '../routes/v1.ts';
import type { Authenticate } from '../security/callers.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { adminPorts, type Refusal } from './admin.ts';
import { jobPorts } from './jobs.ts';
import { newServer } from './listen.ts';
import type { Parts } from './parts.ts';
import type { Replica } from './replica.ts';

/** What both listeners are made of. */
export interface PlaneDeps {
  readonly parts: Parts;
  /** The request path. */
  serve(model: Model, request: InferenceRequest): Promise<Served>;
  readonly jobs: Jobs;
  readonly replica: Replica;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** By the config in force. */
  readonly authenticate: Authenticate;
  refusal(): Refusal | undefined;
}

/** The data plane: inference only. */
export function dataPlane({ parts, serve, jobs, replica, logger, authenticate }: PlaneDeps): FastifyInstance {
  const limits = () => parts.config().config.limits;
  const onFault = faultLog(logger);
  const invoke: InvokePorts = {
    clock: parts.clock,
    emit: parts.emit,
    admission: parts.admission,
    authenticate,
    model: name => parts.config().names.get(name),
    serve,
    inputPlaces: (location, { tenant }) => inputPlaces(parts.config().config.jobs, location, tenant),
    onFault,
    inFlight: replica.inFlight,
    // Node's own limit is that of uploads where there are jobs.
    bodyTimeoutMs: () => (parts.config().config.jobs === undefined ? undefined : limits().bodyTimeoutMs),
    stalledReaderMs: () => limits().bodyTimeoutMs,
    get draining() {
      return replica.draining;
    },
  };
  const uploadMs = parts.config().config.jobs?.uploadTimeoutMs;
  const server = newServer(limits().bodyTimeoutMs, uploadMs);
  // Routes read the bytes themselves; what no route takes is refused unread.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])
    server.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  sagemakerRoutes(server, invoke);
  v1Routes(server, invoke);
  const jobsSide = jobPorts(parts, jobs, { authenticate, onFault, warn: message => logger.warn(message) });
  jobRoutes(server, jobsSide);
  notificationRoutes(server, jobsSide);
  healthRoutes(server, replica);
  unknownRoutes(server);
  badRequests(server, onFault);
  return server;
}

/** The admin plane: metrics and the operator's side. */
export function adminPlane({ parts, replica, metrics, logger, refusal }: PlaneDeps): FastifyInstance {
  const server = newServer(parts.config().config.limits.bodyTimeoutMs);
  const ports = adminPorts({ parts, explain: parts.routing.explain, metrics, logger, refusal });
  adminRoutes(server, ports, faultLog(logger));
  healthRoutes(server, replica);
  unknownRoutes(server, 'admin');
  return server;
}

function faultLog(logger: Logger): (error: unknown, requestId: string) => void {
  return (error, requestId) => logger.error({ err: error, requestId }, 'the gateway failed on a request');
}
