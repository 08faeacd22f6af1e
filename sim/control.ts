import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readSubscription, type Subscriptions } from './control-plane/subscriptions.ts';
import { FaultSpecError } from './fault-spec.ts';
import type { Faults } from './faults.ts';
import { createFrontDoor, type FrontDoor } from './front-door.ts';
import type { Stats } from './stats.ts';
import { readBody, send } from './wire.ts';

export interface ControlParts {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly faults: Faults;
  readonly subscriptions: Subscriptions;
  stats(): Stats;
}

interface Reply {
  readonly status: number;
  readonly json?: unknown;
}

const maxBodyBytes = 64 * 1024;

/** The control listener: `/faults`, `/subscriptions` (where EventBridge sends events) and `/stats`, JSON in and out. Open and shut it like a region's door. */
export function createControl(parts: ControlParts): FrontDoor {
  const { host, port } = parts;
  const http = createServer((request, response) => {
    answer(request, parts)
      .catch((error: unknown): Reply => {
        if (error instanceof FaultSpecError) return { status: 400, json: { errors: error.problems } };
        return { status: 500, json: { errors: [String(error)] } };
      })
      .then(reply => sendReply(response, reply));
  });
  return createFrontDoor({ name: 'control', host, port, onConnection: socket => http.emit('connection', socket) });
}

async function answer(request: IncomingMessage, { faults, subscriptions, stats }: ControlParts): Promise<Reply> {
  const { method, url = '/' } = request;
  const id = /^\/faults\/([^/?]+)$/.exec(url)?.[1];
  if (method === 'GET' && url === '/stats') return { status: 200, json: stats() };
  if (method === 'GET' && url === '/faults') return { status: 200, json: { faults: faults.list() } };
  if (method === 'POST' && url === '/faults')
    return { status: 201, json: { id: await faults.add(await readJson(request)) } };
  if (method === 'DELETE' && url === '/faults') {
    await faults.clear();
    return { status: 204 };
  }
  if (method === 'DELETE' && id !== undefined) {
    return (await faults.remove(id))
      ? { status: 204 }
      : { status: 404, json: { errors: [`no fault is called ${id}`] } };
  }
  if (method === 'GET' && url === '/subscriptions')
    return { status: 200, json: { subscriptions: subscriptions.all() } };
  if (method === 'POST' && url === '/subscriptions') {
    subscriptions.add(readSubscription(await readJson(request)));
    return { status: 201, json: {} };
  }
  if (method === 'DELETE' && url === '/subscriptions') {
    subscriptions.clear();
    return { status: 204 };
  }
  const known =
    'GET /stats, GET /faults, POST /faults, DELETE /faults, DELETE /faults/{id}, GET, POST and DELETE /subscriptions';
  return { status: 404, json: { errors: [`${method} ${url} is not known; known are ${known}`] } };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) throw new FaultSpecError([`expected at most ${maxBodyBytes} bytes`]);
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new FaultSpecError([`expected JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function sendReply(response: ServerResponse, { status, json }: Reply): void {
  const body = json === undefined ? Buffer.alloc(0) : Buffer.from(`${JSON.stringify(json)}\n`);
  send(response, { status, headers: { 'content-type': 'application/json' }, body });
}
