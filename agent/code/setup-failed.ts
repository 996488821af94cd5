/** The attempt cannot start, and why, in words for the person who asked for it. */
export class SetupFailed extends Error {}

/** What was promised to the attempt is not free here: it may well start later, or elsewhere. */
export class NoCapacity extends SetupFailed {}
