import { passthrough } from './passthrough.ts';

// A proxy that adds nothing.
await passthrough(outgoing => outgoing);
