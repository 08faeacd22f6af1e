import { stampLength } from './record.ts';

/** Keeps the record with the later stamp, tells the others if it is the new one, and returns the one that stands. */
export const offerScript = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and string.sub(known, 1, ${stampLength}) >= string.sub(ARGV[2], 1, ${stampLength}) then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return ARGV[2]`;

/** Keeps the record if the one it follows, or none, still stands; tells the others, and returns the one that stands. */
export const replaceScript = `
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known and known ~= ARGV[3] then return known end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PUBLISH', KEYS[1], ARGV[1])
return ARGV[2]`;

/** Drops the records, given as name and text in turn, that still stand. Nobody is told: they were deleted long ago. */
export const dropScript = `
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end`;

/** Keeps a text for a while if there is none, and returns the one that stands. */
export const claimScript = `
local known = redis.call('GET', KEYS[1])
if known then return known end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

/** Puts one replica's counts into the hash of all, which is forgotten when none is put for a while. */
export const tallyScript = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])`;

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

/**
 * The generic cell rate algorithm, as `security/gcra.ts` has it: keeps when the next call is due, and returns how long
 * this one must wait, ms; 0 when it may go. A time further ahead than any burst reaches is not believed.
 */
export const rateScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = tonumber(redis.call('GET', KEYS[1]) or '') or now
due = math.min(math.max(due, now), now + tolerance) + interval
local wait = due - now - tolerance
if wait > 0.001 then return string.format('%.3f', wait) end
redis.call('SET', KEYS[1], string.format('%.3f', due), 'PX', math.ceil(due - now) + 1)
return '0'`;

/**
 * Adds to a sum that never falls below what some replica knows of it, since Redis may have lost it; returns the sum.
 */
export const spendScript = `
local known = tonumber(redis.call('GET', KEYS[1]) or '') or 0
local sum = math.max(known, tonumber(ARGV[2])) + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.17g', sum), 'PX', ARGV[3])
return string.format('%.17g', sum)`;
