import { test } from 'tap';
import { chainOfKills } from '../helpers/chain.ts';

test('a gateway that dies or ends at every link of the chain brings it to its end, and does nothing twice', t =>
  chainOfKills(t));
