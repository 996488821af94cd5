/** The attempt cannot start, and why, in words for the person who asked for it. */
export class SetupFailed extends Error {}
