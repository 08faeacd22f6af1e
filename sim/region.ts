import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';
import { type Clock, sleep } from './clock.ts';
import { createEndpoint, type EndpointSpec } from './endpoints/create.ts';
import { realTimePayloadBytes } from './endpoints/endpoint.ts';
import type { FaultBoard } from './faults.ts';
import { createFrontDoor } from './front-door.ts';
import type { Containers } from './model-port.ts';
import type { Principals } from './principals.ts';
import { randomStream, uuid } from './random.ts';
import { createRuntimeService } from './runtime-service.ts';
import { createStickySessions } from './sessions.ts';
import type { SignedRequest } from './sigv4-canonical.ts';
import { countRequest, noRequests, type RegionStats, type RequestCounts } from './stats.ts';
import { createStsService } from './sts-service.ts';
import { createTiming } from './timing.ts';
import { type Answer, readBody, send, sendHalf } from './wire.ts';

export interface RegionParts {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly roundTripMs: number;
  readonly latencyScale: number;
  readonly endpoints: readonly EndpointSpec[];
  readonly containers: Containers;
  readonly principals: Principals;
  readonly faults: FaultBoard;
  readonly clock: Clock;
  readonly seed: number;
}

/** One simulated AWS region: a listener with SageMaker Runtime and regional STS behind it. */
export interface Region {
  readonly port: number;
  /** Opens or shuts the port, as the faults set now demand. */
  settle(): Promise<void>;
  stop(): Promise<void>;
  stats(): RegionStats;
}

const skewMs = 10 * 60_000;
const invocationPath = /^\/endpoints\/([^/]*)\/invocations$/;

export function createRegion(parts: RegionParts): Region {
  const { name: region, faults, clock, principals } = parts;
  const timing = createTiming(
    region,
    parts.roundTripMs,
    parts.latencyScale,
    randomStream(parts.seed, region, 'timing'),
    faults,
  );
  const endpoints = createEndpoints(parts, timing.workMs);
  const sessions = createStickySessions(clock, randomStream(parts.seed, region, 'sessions'));
  const wallMs = () => {
    const skew = faults.hit(region, 'clock-skew');
    return clock.wallMs() + (skew === undefined ? 0 : skewMs * (skew.factor ?? 1));
  };
  const runtime = createRuntimeService({ region, endpoints, principals, sessions, faults, wallMs });
  const sts = createStsService({ region, principals, faults, clock, wallMs });
  const requestIds = randomStream(parts.seed, region, 'request-ids');
  const all = noRequests();
  const stsCounts = noRequests();
  const counts = new Map<string, RequestCounts>([...endpoints.keys()].map(name => [name, noRequests()]));

  const answer = async (request: SignedRequest, endpoint: string | undefined, requestId: string): Promise<Answer> => {
    if (request.method === 'POST' && request.target === '/') return sts.answer(request, requestId);
    if (request.method === 'POST' && endpoint !== undefined) return runtime.invoke(request, endpoint, requestId);
    throw new AwsError('UnknownOperationException', `No operation answers ${request.method} ${request.target}.`);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.url ?? '/';
    const endpoint = invocationPath.exec(target.split('?')[0] ?? '')?.[1];
    const endpointCounts = counts.get(endpoint ?? '') ?? (target === '/' ? stsCounts : undefined);
    const ended = countRequest(endpointCounts === undefined ? [all] : [all, endpointCounts]);
    response.once('close', () => ended(response.writableFinished ? String(response.statusCode) : 'cut'));
    const requestId = uuid(requestIds);
    response.sendDate = false; // the region's clock is not the host's
    response.setHeader('date', new Date(wallMs()).toUTCString());
    response.setHeader('x-amzn-RequestId', requestId);
    if (faults.hit(region, 'black-hole', endpoint) || (target === '/' && faults.hit(region, 'sts-hang'))) {
      request.resume();
      return;
    }
    const body = await readBody(request, realTimePayloadBytes);
    await sleep(clock, timing.roundTripMs(endpoint));
    const cut = endpoint !== undefined && faults.hit(region, 'reset', endpoint) !== undefined;
    try {
      if (body === undefined)
        throw new AwsError('RequestEntityTooLarge', `HTTP content length exceeded ${realTimePayloadBytes} bytes.`);
      const signed = { method: request.method ?? '', target, headers: request.headersDistinct, body };
      const whole = await answer(signed, endpoint, requestId);
      (cut ? sendHalf : send)(response, whole);
    } catch (error) {
      (cut ? sendHalf : send)(response, errorAnswer(error));
    }
  };

  const http = createServer({ keepAliveTimeout: 65_000, requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch(() => response.destroy()); // the client left while it was sending
  });
  const door = createFrontDoor({
    name: region,
    host: parts.host,
    port: parts.port,
    turnAway: () => faults.hit(region, 'new-connections') !== undefined,
    onConnection: socket => http.emit('connection', socket),
  });
  // A flapping endpoint answers for itself; only a flapping region closes its port.
  const mustRefuse = () => (faults.hit(region, 'refuse') ?? faults.hit(region, 'flap')) !== undefined;
  let stopped = false;
  let settled: Promise<void> = Promise.resolve();
  const settle = () => {
    const turn = async () => {
      if (stopped || mustRefuse()) door.shut();
      else await door.open();
    };
    settled = settled.then(turn, turn);
    return settled;
  };

  return {
    get port() {
      return door.port;
    },
    settle,
    stop: () => {
      stopped = true;
      return settle();
    },
    stats: () => ({
      ...all,
      connections: door.counts(),
      sts: stsCounts,
      endpoints: Object.fromEntries(
        [...endpoints].map(([name, endpoint]) => [
          name,
          { ...(counts.get(name) ?? noRequests()), state: endpoint.state() },
        ]),
      ),
    }),
  };
}

function createEndpoints(parts: RegionParts, workMs: (medianMs: number, endpoint: string) => number) {
  const { name: region, clock, seed, faults, containers } = parts;
  return new Map(
    parts.endpoints.map(spec => {
      const hosting = {
        region,
        clock,
        random: randomStream(seed, region, spec.name),
        container: (name: string) => {
          const container = containers[name];
          if (container === undefined) throw new Error(`endpoint ${spec.name}: no container is called ${name}`);
          return container;
        },
        workMs: (medianMs: number) => workMs(medianMs, spec.name),
        mayWarmUp: () => faults.hit(region, 'no-cold-starts', spec.name) === undefined,
      };
      return [spec.name, createEndpoint(spec, hosting)] as const;
    }),
  );
}

function errorAnswer(error: unknown): Answer {
  if (!(error instanceof AwsError)) console.error('simulator: unexpected error', error);
  const known =
    error instanceof AwsError ? error : new AwsError('InternalFailure', 'The simulator failed; its log says why.');
  return { status: known.status, headers: known.headers(), body: known.body() };
}
