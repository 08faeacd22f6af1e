import { GatewayError } from '../core/errors.ts';
import type { Model } from '../core/model.ts';
import type { Parts } from './parts.ts';

/** The model that an operator names, by one of its aliases too. Throws `not-found` with those there are. */
export function namedModel(parts: Pick<Parts, 'config'>, name: string): Model {
  const { names, models } = parts.config();
  const model = names.get(name);
  if (model !== undefined) return model;
  throw new GatewayError('not-found', `No model ${name}: there are ${[...models.keys()].join(', ')}.`);
}
