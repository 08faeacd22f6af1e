import { stampLength } from './record.ts';

/** Keeps the record with the later stamp, tells the others if it is the new one, and returns the one that stands. */
export const offerScript = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and string.sub(known, 1, ${stampLength}) >= string.sub(ARGV[2], 1, ${stampLength}) then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return ARGV[2]`;

/**
 * Marks a replica alive, forgets those past their time, and counts the rest; by the server's clock, so that none need
 * agree. A time further ahead than any beat reaches was written by something else and is not believed.
 */
export const beatScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. now + math.max(ARGV[2], 60000), '+inf')
return redis.call('ZCARD', KEYS[1])`;
