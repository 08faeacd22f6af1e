/** What Fastify hands over of a schema's complaint: Ajv's error, without the schema it comes from. */
interface Complaint {
  readonly keyword?: string;
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Words for the patterns of the admin plane's schemas that operators meet. */
const patternWords: readonly (readonly [part: string, words: string])[] = [
  ['^!?([a-z]{2}', 'a region such as eu-west-1, or !us-east-1 to avoid one'],
  ['^[0-9]{1,12}$', 'a whole number'],
  ['^[a-z0-9-]{1,32}$', 'up to 32 lower-case letters, digits and -'],
  ['^[0-9]{4}-[0-9]{2}', 'a day such as 2030-01-31, or a time such as 2030-01-31T12:00:00Z'],
  ['^[A-Za-z0-9_', 'up to 64 letters, digits, _ and -'],
];

/** The first complaint as a sentence that names the place, what is wrong, and what would do. */
export function schemaWords(complaints: readonly Complaint[], context: string): string {
  const [{ keyword, instancePath = '', message = 'is not as it should be', params = {} } = {}] = complaints;
  const place = instancePath === '' ? context : instancePath.slice(1).replaceAll('/', '.');
  if (keyword === 'required') return `${params['missingProperty']} is missing.`;
  if (keyword === 'additionalProperties') return `${params['additionalProperty']} is not known here: leave it out.`;
  if (keyword === 'enum' && Array.isArray(params['allowedValues']))
    return `${place} must be one of ${params['allowedValues'].join(', ')}.`;
  if (keyword === 'pattern') {
    const pattern = String(params['pattern']);
    const words = patternWords.find(([part]) => pattern.startsWith(part))?.[1];
    return words === undefined ? `${place} must match ${pattern}.` : `${place} must be ${words}.`;
  }
  return `${place} ${message}.`;
}
