/** Why an attempt ended badly: a class that policies and pages act on, beside the free text and the evidence. */
export const FAILURE_CLASSES = ["user_code", "oom", "timeout", "preempted", "hardware", "capacity", "image", "config", "platform", "cancelled"] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** What each class means in one line, for the why box and the docs. */
export const FAILURE_SAYS: Record<FailureClass, string> = {
  user_code: "The command itself ended with an error.",
  oom: "The process used more memory than it may and was killed.",
  timeout: "The run reached its maximum duration.",
  preempted: "The scheduler took the resources for other work.",
  hardware: "A node or an accelerator failed.",
  capacity: "The resources were promised but could not be had.",
  image: "The container image could not be fetched or started.",
  config: "The run could not be set up as it was asked for.",
  platform: "Drover or its agent failed, not the run's code.",
  cancelled: "Somebody asked for the run to stop.",
};

/** Classes that a retry may be worth for when the spec does not say: never the user's own mistakes. */
export const DEFAULT_RETRY_ON: FailureClass[] = ["preempted", "hardware", "capacity", "platform"];

/** The proof shown with a class: what the host saw. */
export interface Evidence {
  exitCode?: number | null;
  signal?: string | null;
  lastLines?: string[];
  detail?: string;
  peakMemoryMib?: number | null;
  limitMemoryMib?: number | null;
}
