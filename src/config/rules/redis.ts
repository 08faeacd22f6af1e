import type { Rule } from '../inspection.ts';

const example = 'a URL such as redis://host:6379';

/** Redis is one server or a cluster, and a cluster's nodes can be called. */
export const redisIsOneThing: Rule = inspection => {
  const { redis } = inspection.config;
  if (redis === undefined || !inspection.sound(['redis'])) return;
  const { url, cluster } = redis;
  if (url !== undefined && cluster !== undefined)
    inspection.error(['redis'], 'url and cluster are both written', 'write url for one server, cluster for a cluster');
  if (url === undefined && cluster === undefined)
    inspection.error(['redis', 'url'], 'is missing', `write ${example}, or redis.cluster for the nodes of a cluster`);
  for (const [index, text] of (cluster ?? []).entries()) {
    const path = ['redis', 'cluster', index];
    const node = URL.parse(text);
    if (node === null || node.hostname === '')
      inspection.error(path, `found ${inspection.shown(path, text)}`, `expected ${example}`);
    else if (/[^/]/.test(node.pathname))
      inspection.error(path, `a cluster has no database ${node.pathname.slice(1)}`, 'leave it out of the URL');
  }
};
