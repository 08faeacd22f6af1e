import fc from 'fast-check';
import { test } from 'tap';
import { containers } from '../../../sim/models/containers.ts';

const names = Object.keys(containers);
const targetModel = 'SEA.tar.gz';
const number = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(null), fc.constant('1e400'));
const date = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
    .map(day => day.toISOString().slice(0, 16)),
  fc.string(),
);
const row = fc.record(
  { date, precipitation: number, temp_max: number, temp_min: number, wind: number, distance: number },
  { requiredKeys: [] },
);
const contentType = fc.constantFrom('application/json', 'text/csv', undefined, 'text/plain', ';', 'TEXT/CSV;charset');

function ask(name: string, body: Buffer, type: string | undefined, accept?: string) {
  const answer = containers[name]?.predict({ body, contentType: type, accept, targetModel });
  return { status: answer?.status ?? 0, body: JSON.parse(String(answer?.body)) };
}

/** Either predictions with probabilities, or an error with a text: nothing else may come out. */
function isSound({ status, body }: ReturnType<typeof ask>): boolean {
  if (status !== 200) return [400, 406, 415].includes(status) && typeof body.error === 'string' && body.error !== '';
  return body.predictions.every((prediction: { rain?: number; late?: number; delayMinutes?: number }) => {
    const chance = prediction.rain ?? prediction.late ?? Number.NaN;
    return chance >= 0 && chance <= 1 && Number.isFinite(prediction.delayMinutes ?? 0);
  });
}

test('any bytes of any type get an answer or a 4xx, never an exception', async () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.uint8Array({ maxLength: 300 }),
      contentType,
      fc.string(),
      (name, bytes, type, accept) => isSound(ask(name, Buffer.from(bytes), type, accept)),
    ),
    { seed: 1 },
  );
});

test('any JSON gets an answer or a 4xx', async () => {
  const body = fc.oneof(
    fc.json(),
    fc.record({ instances: fc.oneof(fc.array(row), fc.jsonValue()) }).map(v => JSON.stringify(v)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...names), body, (name, text) =>
      isSound(ask(name, Buffer.from(text), 'application/json')),
    ),
    { seed: 2, numRuns: 500 },
  );
});

test('any CSV gets an answer or a 4xx', async () => {
  const line = fc.array(fc.oneof(date, number.map(String), fc.constantFrom('date', 'wind', '"', '')), { maxLength: 8 });
  const body = fc
    .array(
      line.map(cells => cells.join(',')),
      { maxLength: 5 },
    )
    .map(lines => lines.join('\n'));
  fc.assert(
    fc.property(fc.constantFrom(...names), body, (name, text) => isSound(ask(name, Buffer.from(text), 'text/csv'))),
    { seed: 3, numRuns: 500 },
  );
});

test('every day within the accepted ranges gets a probability, however far from Seattle', async t => {
  const within = (min: number, max: number) => fc.double({ min, max, noNaN: true });
  const anyDay = fc.record({
    date: fc
      .date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31') })
      .map(d => d.toISOString().slice(0, 10)),
    precipitation: within(0, 2_000),
    temp_max: within(-100, 150),
    temp_min: within(-100, 150),
    wind: within(0, 500),
  });
  fc.assert(
    fc.property(
      fc.constantFrom('rain-v1', 'rain-v2', 'rain-v3'),
      fc.array(anyDay, { minLength: 1 }),
      (name, instances) => {
        const answer = ask(name, Buffer.from(JSON.stringify({ instances })), 'application/json');
        return answer.status === 200 && answer.body.predictions.length === instances.length && isSound(answer);
      },
    ),
    { seed: 4 },
  );
  t.pass('all within [0, 1]');
});
