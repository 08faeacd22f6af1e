import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from './json-schema.ts';
import { configurationPage } from './reference.ts';

// Writes what is derived from the option schemas: `config/schema.json` for editors, `docs/configuration.md` for people.
const root = new URL('../../', import.meta.url);
const example = readFileSync(new URL('config/gateway.yaml', root), 'utf8');
writeFileSync(new URL('config/schema.json', root), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
writeFileSync(new URL('docs/configuration.md', root), configurationPage(example));
