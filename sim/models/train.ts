/** Trains the simulator's models from sim/data and writes weights/. Run: `node sim/models/train.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { trainAll } from './training.ts';
import { weightsFolder } from './weights.ts';

mkdirSync(weightsFolder, { recursive: true });
for (const [name, weights] of Object.entries(trainAll())) {
  writeFileSync(new URL(name, weightsFolder), `${JSON.stringify(weights, null, 2)}\n`);
  console.log(name, JSON.stringify(weights.heldOut));
}
