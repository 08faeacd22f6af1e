import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parseAddress } from '../addresses.ts';
import type { Rule } from '../inspection.ts';

/** What this machine can tell now; elsewhere the directories may be others, so what is missing is no mistake. */
export const pathsAreUsable: Rule = inspection => {
  const { stateDir, log } = inspection.config;
  const inTheWay = notADirectory(stateDir);
  if (inspection.sound(['stateDir']) && inTheWay !== undefined)
    inspection.error(['stateDir'], `${inTheWay} is not a directory`, 'name a directory, or one that can be created');
  if (log.file === undefined || !inspection.sound(['log'])) return;
  const aboveLog = notADirectory(dirname(resolve(log.file)));
  if (statOf(log.file)?.isDirectory())
    inspection.error(['log', 'file'], `${log.file} is a directory`, 'name a file in it');
  else if (aboveLog !== undefined)
    inspection.error(['log', 'file'], `${aboveLog} is not a directory`, 'name a file in a directory');
};

/** The nearest thing there is at or above the path, if it is no directory. */
function notADirectory(path: string): string | undefined {
  let at = resolve(path);
  for (;;) {
    const found = statOf(at);
    if (found !== undefined) return found.isDirectory() ? undefined : at;
    at = dirname(at);
  }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // below a file, or not allowed to look: what is above tells
  }
}

/** Name servers are IP addresses, with a port or without. */
export const nameServersAreAddresses: Rule = inspection => {
  for (const [index, server] of inspection.config.connections.dns.servers.entries()) {
    const path = ['connections', 'dns', 'servers', index] as const;
    const { host, port } = parseAddress(server) ?? { host: server, port: 53 };
    if (!inspection.sound(path) || (isIP(host) !== 0 && port > 0)) continue;
    inspection.error(
      path,
      `${inspection.shown(path, server)} is no address of a name server`,
      'write an IP address, or 127.0.0.1:9153 with a port',
    );
  }
};
