#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { join } from 'node:path';

// What has to be set before anything is loaded. JavaScript, for stripping the types of its entry would make Node load
// at every start what strips types, 15 MB; and an older Node could not even say what it lacks.

if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(
    `Meridian needs Node 24, and this is ${process.versions.node}. npm brings its own: npm ci, then npm start.`,
  );
  process.exit(1);
}
// Stripped and compiled sources are kept for the next start, which then takes half the time and 35 MB less. Where the
// folder cannot be written nothing is kept. What is imported before this line would not be, hence `import()` below.
nodeModule.enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/meridian'));
// Where the system resolves names, each that hangs holds a thread of libuv's pool: four are soon gone. Read at first use.
process.env.UV_THREADPOOL_SIZE ??= '16';
await import('./server.ts');
