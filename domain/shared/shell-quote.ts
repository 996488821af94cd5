/** In single quotes, in which a POSIX shell changes nothing. (The agent stands alone and has its own.) */
export const shellQuote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
