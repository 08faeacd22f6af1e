import type { Random } from '../../core/random.ts';
import type { Candidate, Policy } from '../router.ts';

/** Drawn without replacement in proportion to `weight`; those of weight 0 come last, in the config's order. */
export function weighted(random: Random): Policy {
  return {
    rule: 'drawn in proportion to the weights of the targets',
    order: candidates => {
      const order = candidates.slice();
      for (let place = 0; place < order.length - 1; place += 1) draw(order, place, random);
      return order;
    },
  };
}

/** Moves one of those from `place` on to `place`, the others keeping their order. */
function draw(order: Candidate[], place: number, random: Random): void {
  let total = 0;
  for (let index = place; index < order.length; index += 1) total += order[index]?.target.weight ?? 0;
  if (total === 0) return;
  let left = random() * total;
  let drawn = place;
  for (let index = place; index < order.length; index += 1) {
    const weight = order[index]?.target.weight ?? 0;
    if (weight === 0) continue;
    drawn = index;
    left -= weight;
    if (left < 0) break;
  }
  const [chosen] = order.splice(drawn, 1);
  if (chosen !== undefined) order.splice(place, 0, chosen);
}
