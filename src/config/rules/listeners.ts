import { isLoopback, overlap, parseAddress } from '../addresses.ts';
import type { Rule } from '../inspection.ts';

/** Both listeners have an address, each its own, the admin side guarded beyond loopback. */
export const addressesAreUsable: Rule = inspection => {
  const { data, admin } = inspection.config.listen;
  for (const [key, text] of [['data', data] as const, ['admin', admin] as const]) {
    if (!inspection.sound(['listen', key]) || parseAddress(text) !== undefined) continue;
    const found = inspection.shown(['listen', key], text);
    inspection.error(['listen', key], `found ${found}`, 'expected host:port with a port up to 65535');
  }
  const first = parseAddress(data);
  const second = parseAddress(admin);
  if (first === undefined || second === undefined || !inspection.sound(['listen']) || !overlap(first, second)) return;
  inspection.error(['listen'], `data and admin both want port ${first.port}`, 'give each a port of its own');
};

/** The admin listener can drain regions: beyond this machine it needs keys, and names to answer to. */
export const adminIsGuarded: Rule = inspection => {
  const { keys, hosts } = inspection.config.admin;
  const address = parseAddress(inspection.config.listen.admin);
  const sound = inspection.sound(['listen', 'admin']) && inspection.sound(['admin']);
  if (address === undefined || !sound || isLoopback(address.host)) return;
  if (keys.length === 0) {
    const problem = `admin listens on ${address.host}, beyond this machine, without a key`;
    inspection.error(['listen', 'admin'], problem, 'add admin.keys, or listen on 127.0.0.1');
  } else if (!keys.some(key => key.role === 'operator')) {
    inspection.warning(['admin', 'keys'], 'no key is an operator’s', 'give one the role operator, or nobody can drain');
  }
  if (hosts.length > 0 || (address.host !== '0.0.0.0' && address.host !== '::')) return;
  const mend = 'list the host names operators will use in admin.hosts';
  inspection.warning(['admin', 'hosts'], 'admin listens everywhere but answers to loopback names only', mend);
};
