import { type Test, test } from 'tap';
import { newServer } from '../../src/compose/listen.ts';
import { type AdminPorts, adminRoutes } from '../../src/routes/admin/admin.ts';
import { badRequests, unknownRoutes } from '../../src/routes/unknown.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const bug = new Error('a bug');
const fails = () => {
  throw bug;
};

function faults(t: Test) {
  const server = newServer(1_000);
  t.teardown(() => server.close());
  const told: [error: unknown, requestId: string][] = [];
  return { server, told, onFault: (error: unknown, requestId: string) => void told.push([error, requestId]) };
}

test('a fault on the data port is told with the request id of the answer', async t => {
  const { server, told, onFault } = faults(t);
  badRequests(server, onFault);
  server.get('/endpoints/x', fails);
  server.get('/v1/x', fails);
  const aws = await server.inject('/endpoints/x');
  t.equal(aws.statusCode, 500);
  t.match(aws.headers['x-amzn-requestid'], uuid);
  const plain = await server.inject('/v1/x');
  t.notMatch(plain.body, 'a bug');
  t.strictSame(told, [
    [bug, aws.headers['x-amzn-requestid']],
    [bug, plain.json().error.requestId],
  ]);
  t.not(told[0]?.[1], told[1]?.[1]);
});

test('a caller’s mistake is not a fault, and has a request id as well', async t => {
  const { server, told, onFault } = faults(t);
  badRequests(server, onFault);
  unknownRoutes(server);
  for (const url of ['/endpoints/nowhere', '/endpoints/%zz']) {
    const answer = await server.inject(url);
    t.ok(answer.statusCode < 500);
    t.match(answer.headers['x-amzn-requestid'], uuid);
  }
  t.strictSame(told, []);
});

test('a fault on the admin port is told as well', async t => {
  const { server, told, onFault } = faults(t);
  const access = () => ({ actor: 'local', role: 'operator' as const });
  const ports = new Proxy<AdminPorts>({ access } as unknown as AdminPorts, {
    get: (known, name) => (name === 'access' ? known.access : fails),
  });
  adminRoutes(server, ports, onFault);
  const answer = await server.inject('/admin/targets');
  t.equal(answer.statusCode, 500);
  t.strictSame(told, [[bug, answer.json().error.requestId]]);
});
