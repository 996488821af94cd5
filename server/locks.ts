/** Advisory locks of the database, each number once: two that shared one would wait for each other for no reason. */
export const LOCKS = {
  /** (number, organization): one placement at a time. */
  placement: 7_070_010,
  housekeeping: 7_070_011,
  compaction: 7_070_012,
  /** (number, organization): bookings share it, the close of a month has it alone. */
  booking: 7_070_013,
  setup: 7_070_014,
  jobGrants: 7_070_015,
  splitting: 7_070_016,
  summing: 7_070_017,
  localCluster: 7_070_020,
} as const;
