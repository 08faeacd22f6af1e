import { t as root } from 'tap';

// Node 24 sometimes spins for ever while it tears down its loop after an HTTP call was cut off midway (seen in
// `Environment::CleanupHandles`), so test files that cut calls leave by themselves. The counts are out by then, and
// tap has set the exit code.
root.teardown(() => setImmediate(() => process.exit()));
