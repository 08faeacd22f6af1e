import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import fc from 'fast-check';
import { test } from 'tap';
import { parseQuestion } from '../../sim/dns-packet.ts';
import type { Simulator } from '../../sim/simulator.ts';
import { failure } from '../helpers/aws-clients.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const name = 'runtime.sagemaker.us-east-1.sim.test';

function resolverOf(simulator: Simulator): Resolver {
  const resolver = new Resolver({ timeout: 5_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${simulator.dnsPort}`]);
  return resolver;
}

test('names of a region resolve to the simulator, with a short life', async t => {
  const simulator = await startTestSimulator(t);
  const resolver = resolverOf(simulator);
  for (const known of [name, 'sts.eu-west-1.sim.test', 'STS.AP-SOUTHEAST-1.SIM.TEST']) {
    t.same(await resolver.resolve4(known, { ttl: true }), [{ address: '127.0.0.1', ttl: 5 }]);
  }
  t.match(await failure(resolver.resolve6(name)), { code: 'ENODATA' });
  t.match(await failure(resolver.resolve4('sts.mars-1.sim.test')), { code: 'ENOTFOUND' });
});

test('dns-fail hides the names of one region, as missing or as empty', async t => {
  const simulator = await startTestSimulator(t);
  const resolver = resolverOf(simulator);
  const id = await simulator.faults.add({ region: 'us-east-1', kind: 'dns-fail' });
  t.match(await failure(resolver.resolve4(name)), { code: 'ENOTFOUND' });
  t.same(await resolver.resolve4('runtime.sagemaker.us-west-2.sim.test'), ['127.0.0.1']);
  await simulator.faults.remove(id);
  t.same(await resolver.resolve4(name), ['127.0.0.1']);
  await simulator.faults.add({ region: 'us-east-1', kind: 'dns-fail', errorType: 'NODATA' });
  t.match(await failure(resolver.resolve4(name)), { code: 'ENODATA' });
});

test('dns-hang never answers for one region', async t => {
  const simulator = await startTestSimulator(t);
  const hanging = resolverOf(simulator);
  await simulator.faults.add({ region: 'us-east-1', kind: 'dns-hang' });
  let answered = false;
  const lookup = failure(hanging.resolve4(name)).finally(() => {
    answered = true;
  });
  t.same(await resolverOf(simulator).resolve4('sts.us-west-2.sim.test'), ['127.0.0.1']);
  t.equal(answered, false);
  hanging.cancel();
  t.match(await lookup, { code: 'ECANCELLED' });
});

test('packets that are no question are left alone', async t => {
  const simulator = await startTestSimulator(t);
  const socket = createSocket('udp4');
  t.teardown(() => socket.close());
  for (const junk of [Buffer.alloc(0), Buffer.alloc(12), Buffer.alloc(600, 0xff)])
    socket.send(junk, simulator.dnsPort, '127.0.0.1');
  const query = Buffer.concat([
    Buffer.from('0007010000010000000000000373747309', 'hex'),
    Buffer.from('us-east-1'),
    Buffer.from('0373696d04746573740000010001', 'hex'),
  ]);
  socket.send(query, simulator.dnsPort, '127.0.0.1');
  const [answer] = await once(socket, 'message');
  t.equal(answer.readUInt16BE(0), 7);
  t.same([...answer.subarray(-4)], [127, 0, 0, 1]);
});

test('the parser survives any bytes', async t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      const question = parseQuestion(Buffer.from(bytes));
      return question === undefined || question.raw.length >= 5;
    }),
    { seed: 1, numRuns: 2_000 },
  );
  t.equal(
    parseQuestion(Buffer.from([0, 1, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1])),
    undefined,
    'an answer is no question',
  );
});
