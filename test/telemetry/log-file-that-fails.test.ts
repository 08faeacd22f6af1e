import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { systemClock } from '../../src/core/clock.ts';
import { openLogFile } from '../../src/telemetry/log-file.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { eventually } from '../helpers/eventually.ts';
import { manualClock } from '../helpers/manual-clock.ts';

const logger = new URL('../../src/telemetry/logger.ts', import.meta.url).href;
const clock = new URL('../../src/core/clock.ts', import.meta.url).href;
const full = '/dev/full'; // every write to it fails with ENOSPC

function directory(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'meridian-log-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a full disk loses lines, counted, and nothing else', async t => {
  const sink = createLogger({ level: 'info', sampleRate: 1, file: full }, systemClock);
  for (let line = 0; line < 100; line += 1) sink.logger.info({ line, padding: 'x'.repeat(100) }, 'filler');
  await eventually(t, 'the failed write was noticed', () => sink.dropped > 0);
  sink.flush();
  t.equal(sink.dropped, 100);
  sink.logger.info('again');
  sink.flush();
  t.equal(sink.dropped, 101, 'and goes on');
});

test('a process with a full disk ends by itself, and says why lines are missing', async t => {
  const script = `
    import { createLogger } from '${logger}';
    import { systemClock } from '${clock}';
    const { logger } = createLogger({ level: 'info', sampleRate: 1, file: '${full}' }, systemClock);
    logger.info('the last words');
  `;
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  t.equal(ended.status, 0);
  t.match(ended.stderr, /Log lines are dropped: \/dev\/full .*ENOSPC/);
});

test('what is buffered is written when the process ends', async t => {
  const script = `
    import { createLogger } from '${logger}';
    import { systemClock } from '${clock}';
    createLogger({ level: 'info', sampleRate: 1 }, systemClock).logger.info('the last words');
    throw new Error('the end');
  `;
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  t.match(ended.stdout, /"message":"the last words"/);
});

test('at low traffic a line is written within a second', async t => {
  const path = join(directory(t), 'deep', 'gateway.log');
  const clock = manualClock();
  const file = openLogFile(path, clock);
  file.write('one\n');
  clock.advance(1_000);
  await eventually(t, 'it is there', () => {
    try {
      return readFileSync(path, 'utf8') === 'one\n';
    } catch {
      return false;
    }
  });
  t.equal(file.dropped, 0);
});

test('a file that cannot be opened yet is tried again', async t => {
  const parent = join(directory(t), 'logs');
  appendFileSync(parent, 'a file where the directory should be');
  const file = openLogFile(join(parent, 'gateway.log'), manualClock());
  file.write('lost\n');
  file.flush();
  t.equal(file.dropped, 1);
  rmSync(parent);
  file.write('kept\n');
  file.flush();
  t.equal(file.dropped, 1);
  t.equal(readFileSync(join(parent, 'gateway.log'), 'utf8'), 'kept\n');
});

test('a log that is closed hears no more of the end of the process', async t => {
  const before = process.listenerCount('exit');
  const sink = createLogger({ level: 'info', sampleRate: 1, file: join(directory(t), 'a.log') }, systemClock);
  t.equal(process.listenerCount('exit'), before + 1);
  sink.close();
  t.equal(process.listenerCount('exit'), before);
});
