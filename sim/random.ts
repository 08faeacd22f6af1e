/** A uniform draw from [0, 1). */
export type Random = () => number;

/**
 * A seeded stream of draws (SplitMix32). Each place that throws dice names itself, so that adding draws in one place
 * does not change what happens in another.
 */
export function randomStream(seed: number, ...names: readonly string[]): Random {
  let state = hash(`${seed}/${names.join('/')}`);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** A lognormal draw with this median; `sigma` is the standard deviation of its logarithm. */
export function lognormal(random: Random, median: number, sigma: number): number {
  // Box-Muller; 1 - draw keeps the logarithm finite.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}

/** A version 4 UUID made of seeded draws. */
export function uuid(random: Random): string {
  const hex = letters(random, '0123456789abcdef', 32);
  const variant = '89ab'[Math.floor(random() * 4)] ?? '8';
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** `count` letters drawn from `alphabet`. */
export function letters(random: Random, alphabet: string, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += alphabet[Math.floor(random() * alphabet.length)];
  return text;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
