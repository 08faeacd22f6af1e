/** What reading a JSON text will take, as far as its bytes tell before it is read. */
export interface JsonSize {
  /** Levels of arrays and objects within each other. */
  readonly depth: number;
  /** Values it holds, or some more: what looks like one within a text is counted too. */
  readonly values: number;
}

const [quote, comma, backslash] = [0x22, 0x2c, 0x5c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Looks at the bytes once; what is no JSON gets some size, too. Never throws. */
export function jsonSize(bytes: Uint8Array): JsonSize {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === backslash) at += 1;
    else if (byte === quote) inText = !inText;
    else if (byte === comma) values += 1;
    else if (byte === openArray || byte === openObject) {
      values += 1;
      if (!inText && ++depth > deepest) deepest = depth;
    } else if (!inText && (byte === closeArray || byte === closeObject)) depth -= 1;
  }
  return { depth: deepest, values };
}

/** Deeper texts are refused: what walks them, and the engine's own `JSON.stringify`, has a stack that ends. */
export const deepestJson = 256;
