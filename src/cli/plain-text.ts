/** Control characters, line ends, and those that turn the direction of writing. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text somebody else wrote, such as a reason, as it may stand in a line on a terminal: what would move the cursor, end
 * the line or turn what follows is written as `\u…`. Else whoever may give a reason could make others read a history that
 * did not happen.
 */
export function plain(text: string): string {
  return text.replace(unprintable, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
