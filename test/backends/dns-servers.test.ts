import { test } from 'tap';
import { networkResolve } from '../../src/backends/dns.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const name = 'runtime.sagemaker.us-east-1.sim.test';

test('the configured resolver is asked', async t => {
  const simulator = await startTestSimulator(t);
  const resolve = networkResolve([`127.0.0.1:${simulator.dnsPort}`], 500);
  t.strictSame(await resolve(name), [{ address: '127.0.0.1', family: 4 }]);
});

test('an answer without addresses and a name that does not exist are failures', async t => {
  const simulator = await startTestSimulator(t);
  const resolve = networkResolve([`127.0.0.1:${simulator.dnsPort}`], 500);
  for (const errorType of ['NXDOMAIN', 'NODATA']) {
    const id = await simulator.faults.add({ region: 'us-east-1', kind: 'dns-fail', errorType });
    await t.rejects(resolve(name), errorType);
    await simulator.faults.remove(id);
  }
  t.ok(await resolve(name));
});

test('without configured resolvers the system is asked', async t => {
  t.match((await networkResolve([], 500)('localhost')).map(({ address }) => address).join(), /127\.0\.0\.1|::1/);
});
