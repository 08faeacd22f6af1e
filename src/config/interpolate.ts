/** What a config may read beside itself. Given by the process, so that tests need neither. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; throws with an errno `code` when it cannot be had. */
  readonly readFile: (path: string) => string;
}

/** A value with its references filled in, and those that could not be. */
export interface Interpolated {
  readonly text: string;
  /** What could not be filled in, with its mend. */
  readonly problems: readonly { readonly problem: string; readonly mend: string }[];
}

const reference = /\$\$\{|\$\{([^}]*)\}?/g;
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is about them
const forms = 'write ${NAME}, ${NAME:-default} or ${file:/path}, and $${ for a plain ${';

/**
 * Fills in `${NAME}`, `${NAME:-default}` (when NAME is unset or empty, as in a shell) and `${file:/path}` (without its
 * last line break). `$${` stands for `${`. What is filled in is not looked at again.
 */
export function interpolate(text: string, surroundings: Surroundings): Interpolated {
  const problems: { problem: string; mend: string }[] = [];
  const fill = (whole: string, inside: string | undefined): string => {
    if (inside === undefined) return '${';
    const filled = whole.endsWith('}') ? lookUp(inside, surroundings) : { problem: `${whole} has no }`, mend: forms };
    if (typeof filled === 'string') return filled;
    problems.push(filled);
    return '';
  };
  return { text: text.replace(reference, fill), problems };
}

function lookUp(inside: string, { env, readFile }: Surroundings): string | { problem: string; mend: string } {
  if (inside.startsWith('file:')) return fileText(inside.slice('file:'.length), readFile);
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside);
  if (parts === null) return { problem: `\${${inside}} is no reference`, mend: forms };
  const [, name = '', fallback] = parts;
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  return (
    value ?? {
      problem: `the environment variable ${name} is not set`,
      mend: `set it, or write \${${name}:-a default}`,
    }
  );
}

function fileText(path: string, readFile: Surroundings['readFile']): string | { problem: string; mend: string } {
  try {
    return readFile(path).replace(/\r?\n$/, '');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { problem: `cannot read the file ${path} (${why})`, mend: 'mend the path or the file’s permissions' };
  }
}
