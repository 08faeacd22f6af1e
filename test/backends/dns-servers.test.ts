import { test } from 'tap';
import { networkResolver } from '../../src/backends/dns.ts';
import { startTestSimulator } from '../helpers/simulator.ts';

const name = 'runtime.sagemaker.us-east-1.sim.test';

test('the configured resolver is asked', async t => {
  const simulator = await startTestSimulator(t);
  const { resolve } = networkResolver([`127.0.0.1:${simulator.dnsPort}`], 500);
  t.strictSame(await resolve(name), [{ address: '127.0.0.1', family: 4 }]);
});

test('an answer without addresses and a name that does not exist are failures', async t => {
  const simulator = await startTestSimulator(t);
  const { resolve } = networkResolver([`127.0.0.1:${simulator.dnsPort}`], 500);
  for (const errorType of ['NXDOMAIN', 'NODATA']) {
    const id = await simulator.faults.add({ region: 'us-east-1', kind: 'dns-fail', errorType });
    await t.rejects(resolve(name), errorType);
    await simulator.faults.remove(id);
  }
  t.ok(await resolve(name));
});

test('without configured resolvers the system is asked', async t => {
  const addresses = await networkResolver([], 500).resolve('localhost');
  t.match(addresses.map(({ address }) => address).join(), /127\.0\.0\.1|::1/);
});

test('stopping ends the questions under way', async t => {
  const simulator = await startTestSimulator(t);
  await simulator.faults.add({ region: 'us-east-1', kind: 'dns-hang' });
  const network = networkResolver([`127.0.0.1:${simulator.dnsPort}`], 600_000);
  const asked = network.resolve(name);
  network.stop();
  await t.rejects(asked, { code: 'ECANCELLED' });
});
