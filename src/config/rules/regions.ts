import type { Rule } from '../inspection.ts';
import { nearest } from '../nearest.ts';
import { checkUrl } from './urls.ts';

const serviceUrl = { example: 'https://host:443', credentials: 'credentials sign the calls', what: 'calls' };

/** Overridden endpoints are URLs that can be called. */
export const regionUrlsAreUsable: Rule = inspection => {
  for (const [name, options] of Object.entries(inspection.config.regions)) {
    for (const [service, url] of Object.entries(options?.endpoints ?? {})) {
      const path = ['regions', name, 'endpoints', service];
      if (inspection.sound(path)) checkUrl(inspection, path, url, serviceUrl);
    }
  }
};

const directions = ['east', 'west', 'north', 'south', 'central', 'northeast', 'northwest', 'southeast', 'southwest'];

/** AWS ends the names of its regions in a direction and a number; another word there is a slip that no call survives. */
export const regionNamesAreLikely: Rule = inspection => {
  for (const [name, options] of Object.entries(inspection.config.regions)) {
    const [, before, direction = '', number] = /^(?!x-)(.+)-([a-z]+)-([0-9])$/.exec(name) ?? [];
    const path = ['regions', name];
    if (before === undefined || directions.includes(direction) || !inspection.sound(path)) continue;
    if (options?.endpoints !== undefined) continue;
    const meant = nearest(direction, directions);
    const mend = meant === undefined ? 'check the name' : `did you mean "${before}-${meant}-${number}"?`;
    inspection.warning(path, `no AWS region is called like this: "${direction}" is no direction`, mend);
  }
};

/** Each region has a target. */
export const everyRegionIsUsed: Rule = inspection => {
  const used = new Set(inspection.targets().map(({ target }) => target.region));
  if (!inspection.sound(['models'])) return;
  for (const region of Object.keys(inspection.config.regions)) {
    const path = ['regions', region];
    if (!used.has(region) && inspection.sound(path))
      inspection.note(path, 'no target is there', 'add one or leave it out');
  }
};

/** Credentials are a role or a pair of keys, not both. */
export const credentialsAreOneKind: Rule = inspection => {
  const { config } = inspection;
  const regions = Object.entries(config.regions).map(([name, options]) => ({
    path: ['regions', name, 'credentials'],
    credentials: options?.credentials,
  }));
  const targets = inspection.targets().map(({ path, target }) => ({
    path: [...path, 'credentials'],
    credentials: target.credentials,
  }));
  for (const { path, credentials } of [
    { path: ['credentials'], credentials: config.credentials },
    ...regions,
    ...targets,
  ]) {
    if (typeof credentials !== 'object' || !('roleArn' in credentials) || !inspection.sound(path)) continue;
    if (credentials.webIdentityTokenFile === undefined || credentials.source === undefined) continue;
    const problem = 'both webIdentityTokenFile and source say how the role is assumed';
    inspection.error(path, problem, 'keep one of the two');
  }
};
