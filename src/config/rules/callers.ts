import type { AuthOptions } from '../../security/options.ts';
import type { Path } from '../findings.ts';
import type { Inspection, Rule } from '../inspection.ts';
import { didYouMean, knownNames } from '../nearest.ts';
import { aliasesOf, residenciesAreSound, residencyClasses, residencyOf } from './lookups.ts';

/** `auth: none` is told for what it is. */
export const openToAllIsSaid: Rule = inspection => {
  const { auth, listen } = inspection.config;
  if ((auth !== 'none' && !auth.anonymous) || !inspection.sound(['auth'])) return;
  const mend = `keep ${listen.data} where only trusted callers reach it, or write auth.keys`;
  const path = auth === 'none' ? ['auth'] : ['auth', 'anonymous'];
  inspection.note(path, `${shortAuth(auth)}: whoever reaches the data port may call every model`, mend);
};

function shortAuth(auth: AuthOptions): string {
  return auth === 'none' ? 'none' : 'true';
}

/** Some key may come in, now or later. */
export const someoneMayCall: Rule = inspection => {
  const { auth } = inspection.config;
  if (auth === 'none' || auth.anonymous || auth.issued !== undefined || auth.keys.length > 0) return;
  if (!inspection.sound(['auth'])) return;
  inspection.error(['auth'], 'no key can ever be known', 'write auth.keys, auth.issued or none');
};

/** Shorter secrets can be guessed. */
const shortestSecret = 20;

/** A key has a digest or a secret, and one that guards something cannot be guessed. */
export const keysHaveOneSecret: Rule = inspection => {
  const { auth } = inspection.config;
  if (auth === 'none') return;
  for (const [index, { sha256, secret }] of auth.keys.entries()) {
    const path = ['auth', 'keys', index];
    if (!inspection.sound([...path, 'sha256']) || !inspection.sound([...path, 'secret'])) continue;
    if ((sha256 === undefined) === (secret === undefined))
      inspection.error(path, 'needs one of sha256 and secret', 'write secret for callers who sign, else sha256');
    else if (secret !== undefined && secret.length < shortestSecret && !auth.anonymous)
      inspection.error([...path, 'secret'], `has fewer than ${shortestSecret} characters`, 'write a random one');
  }
};

/** No two keys share an id or a secret. */
export const keysAreDistinct: Rule = inspection => {
  const { auth, admin } = inspection.config;
  const callers = auth === 'none' ? [] : auth.keys.map((key, index) => ({ key, path: ['auth', 'keys', index] }));
  const operators = admin.keys.map((key, index) => ({ key, path: ['admin', 'keys', index] }));
  tellRepeats(inspection, callers, ({ key }) => key.id, 'id', 'give each key an id of its own');
  tellRepeats(inspection, operators, ({ key }) => key.id, 'id', 'give each key an id of its own');
  const mend = 'make a new key for one of the two';
  const hashed = [...callers, ...operators].filter(({ key }) => key.sha256 !== undefined);
  tellRepeats(inspection, hashed, ({ key }) => key.sha256 ?? '', 'sha256', mend);
  const pairs = callers.flatMap(({ key, path }) => (key.secret === undefined ? [] : [{ secret: key.secret, path }]));
  tellRepeats(inspection, pairs, ({ secret }) => secret, 'secret', mend);
};

function tellRepeats<T extends { readonly path: Path }>(
  inspection: Inspection,
  items: readonly T[],
  value: (item: T) => string,
  name: string,
  mend: string,
): void {
  const seen = new Map<string, Path>();
  for (const item of items) {
    const path = [...item.path, name];
    const first = seen.get(value(item));
    if (!inspection.sound(path)) continue;
    if (first === undefined) seen.set(value(item), path);
    else inspection.error(path, `the same ${name} as the key at ${inspection.where(first)}`, mend);
  }
}

/** Models and residencies that keys name are there. */
export const keysNameModels: Rule = inspection => {
  const { auth, models } = inspection.config;
  if (auth === 'none') return;
  const aliases = aliasesOf(inspection);
  for (const [index, key] of auth.keys.entries()) {
    for (const [place, model] of (key.models ?? []).entries()) {
      const path = ['auth', 'keys', index, 'models', place];
      const known = Object.keys(models);
      if (Object.hasOwn(models, model) || !inspection.sound(path)) continue;
      const owner = aliases.get(model);
      const found = inspection.shown(path, model);
      if (owner !== undefined) inspection.error(path, `${found} is an alias`, `write the model’s name, ${owner}`);
      else inspection.error(path, `no model is called ${found}`, knownNames(model, known));
    }
  }
};

/** Models that tenants are allowed are there. */
export const tenantsNameModels: Rule = inspection => {
  const { tenants, models } = inspection.config;
  const known = Object.keys(models);
  for (const [tenant, { models: allowed = [] }] of Object.entries(tenants)) {
    for (const [place, model] of allowed.entries()) {
      const path = ['tenants', tenant, 'models', place];
      if (Object.hasOwn(models, model) || !inspection.sound(path)) continue;
      const mend = knownNames(model, known);
      inspection.error(path, `no model is called ${inspection.shown(path, model)}`, mend);
    }
  }
};

/** A tenant that nobody can be of has limits that never bind: most often its name is misspelt. */
export const tenantsHaveKeys: Rule = inspection => {
  const { auth, tenants } = inspection.config;
  if (auth === 'none' || auth.issued !== undefined || !inspection.sound(['auth'])) return;
  const known = new Set(auth.keys.map(({ tenant }) => tenant));
  if (auth.anonymous) known.add('anonymous');
  for (const tenant of Object.keys(tenants)) {
    const path = ['tenants', tenant];
    if (known.has(tenant) || !inspection.sound(path)) continue;
    const mend = `correct the name, or leave it out${didYouMean(tenant, [...known])}`;
    inspection.warning(path, 'no key is of this tenant, so its limits bind nobody', mend);
  }
};

/** A key bound to places where its models do not run gets nothing but errors. */
export const keysReachTargets: Rule = inspection => {
  const { auth } = inspection.config;
  if (auth === 'none' || !residenciesAreSound(inspection)) return;
  const classes = residencyClasses(inspection);
  for (const [index, key] of auth.keys.entries()) {
    const path = ['auth', 'keys', index, 'residency'];
    if (!inspection.sound(path)) continue;
    const unknown = (key.residency ?? []).filter(name => !classes.has(name));
    for (const name of unknown) {
      const mend = knownNames(name, classes);
      inspection.error(path, `no region has the residency "${name}"`, mend);
    }
    if (key.residency === undefined || unknown.length > 0) continue;
    const bound = new Set(key.residency);
    for (const [model, options, modelPath] of inspection.models()) {
      const allowed = key.models?.includes(model) ?? true;
      if (!allowed || !inspection.sound(modelPath)) continue;
      const within = options.routing.residency;
      const reached = inspection.targetsOf(model, options).some(({ target }) => {
        const place = residencyOf(inspection, target.region);
        return place !== undefined && bound.has(place) && (within === undefined || within.includes(place));
      });
      if (reached) continue;
      const problem = `leaves ${model} no target in ${key.residency.join(', ')}`;
      const mend = `add a residency, add a target there, or leave ${model} out of the key’s models`;
      if (key.models === undefined) inspection.warning(path, problem, mend);
      else inspection.error(path, problem, mend);
    }
  }
};
