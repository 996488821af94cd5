/** Single quotes: a shell changes nothing in them. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
