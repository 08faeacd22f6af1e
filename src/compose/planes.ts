import type { FastifyInstance } from 'fastify';
import { adminRoutes } from '../routes/admin/admin.ts';
import { healthRoutes } from '../routes/health.ts';
import type { InvokePorts } from '../routes/invoke-ports.ts';
import { sagemakerRoutes } from '../routes/sagemaker.ts';
import { badRequests, unknownRoutes } from '../routes/unknown.ts';
import { v1Routes } from '../routes/v1.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { adminPorts, type Refusal } from './admin.ts';
import { createGateway } from './gateway.ts';
import { newServer } from './listen.ts';
import type { Parts } from './parts.ts';
import type { Replica } from './replica.ts';

/** What both listeners are made of. */
export interface PlaneDeps {
  readonly parts: Parts;
  readonly replica: Replica;
  readonly metrics: Metrics;
  readonly logger: Logger;
  refusal(): Refusal | undefined;
}

/** The data plane: inference only. */
export function dataPlane({ parts, replica, logger }: PlaneDeps): FastifyInstance {
  const limits = () => parts.config().config.limits;
  const onFault = faultLog(logger);
  const invoke: InvokePorts = {
    clock: parts.clock,
    emit: parts.emit,
    admission: parts.admission,
    identify: parts.callers.identify,
    limits: parts.callers.limits,
    model: name => parts.config().names.get(name),
    serve: createGateway(parts),
    onFault,
    inFlight: replica.inFlight,
    stalledReaderMs: () => limits().bodyTimeoutMs,
    get draining() {
      return replica.draining;
    },
  };
  const server = newServer(limits().bodyTimeoutMs);
  // Routes read the bytes themselves; what no route takes is refused unread.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])
    server.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  sagemakerRoutes(server, invoke);
  v1Routes(server, invoke);
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
