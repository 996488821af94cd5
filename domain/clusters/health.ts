/** What one NVIDIA Xid code means for the person who sees it. */
export interface XidMeaning {
  /** What happened, in a few words. */
  means: string;
  /** The next thing to do. */
  advice: string;
  /** Whether the program or the hardware is the likelier cause. */
  cause: "application" | "hardware" | "either";
}

const RESET = "Drain the node, stop what uses the GPU, and reset it (nvidia-smi --gpu-reset) or restart the node.";
const REPLACE = "Drain the node. If it comes again after a restart, have the GPU checked by its maker (nvidia-bug-report.sh).";
const APPLICATION = "Look at the run's own code first: run it under compute-sanitizer. If several different programs hit it on this GPU only, suspect the GPU.";

/** The codes that fleets of data-centre GPUs meet, after NVIDIA's public Xid catalogue. */
const XIDS: Record<number, XidMeaning> = {
  8: { means: "The GPU stopped processing", advice: APPLICATION, cause: "either" },
  13: { means: "Graphics engine exception, such as an access out of bounds", advice: APPLICATION, cause: "application" },
  31: { means: "The GPU touched memory that was not mapped", advice: APPLICATION, cause: "application" },
  32: { means: "Invalid or corrupted command stream", advice: "Check the PCIe link and the driver. " + REPLACE, cause: "either" },
  38: { means: "Driver firmware error", advice: "Update the driver. " + RESET, cause: "either" },
  43: { means: "The GPU stopped working for one program; others go on", advice: APPLICATION, cause: "application" },
  45: { means: "A program was taken off the GPU, often after another error or when it was killed", advice: "Look for the error before this one. Alone it needs nothing.", cause: "application" },
  48: { means: "Uncorrectable memory error (double-bit ECC)", advice: RESET, cause: "hardware" },
  54: { means: "Auxiliary power is not connected", advice: "Check the power cables of the card.", cause: "hardware" },
  56: { means: "Display engine error", advice: REPLACE, cause: "hardware" },
  57: { means: "Error while training the memory link", advice: REPLACE, cause: "hardware" },
  61: { means: "Internal microcontroller breakpoint", advice: RESET, cause: "either" },
  62: { means: "Internal microcontroller halt", advice: RESET, cause: "hardware" },
  63: { means: "A memory page or row was retired or remapped", advice: "The repair takes effect at the next reset: reset the GPU when it is idle.", cause: "hardware" },
  64: { means: "Retiring or remapping memory failed", advice: REPLACE, cause: "hardware" },
  68: { means: "Video processor exception", advice: APPLICATION, cause: "either" },
  69: { means: "Graphics engine class error", advice: APPLICATION, cause: "application" },
  74: { means: "NVLink error", advice: "Drain the node and check its NVLink state (nvidia-smi nvlink --status). " + RESET, cause: "hardware" },
  79: { means: "The GPU has fallen off the bus", advice: "Drain the node and restart it. Check power, cooling and the PCIe seat if it comes again.", cause: "hardware" },
  92: { means: "Many correctable memory errors", advice: "Watch it: should uncorrectable errors follow, drain the node.", cause: "hardware" },
  94: { means: "Uncorrectable memory error, contained to one program", advice: "Only that run is hit. Reset the GPU when it is idle, so that the row is remapped.", cause: "hardware" },
  95: { means: "Uncorrectable memory error, not contained", advice: RESET, cause: "hardware" },
  109: { means: "A program's context did not switch in time", advice: APPLICATION, cause: "either" },
  110: { means: "Security fault", advice: RESET, cause: "hardware" },
  119: { means: "The GPU's system processor did not answer (GSP timeout)", advice: "Restart the node; update the driver if it comes again.", cause: "either" },
  120: { means: "Error in the GPU's system processor (GSP)", advice: "Restart the node; update the driver if it comes again.", cause: "either" },
  121: { means: "Correctable error on the chip-to-chip link", advice: "Watch it: restart the node in the next maintenance window.", cause: "hardware" },
  140: { means: "Unrecovered memory error", advice: RESET, cause: "hardware" },
  145: { means: "NVLink error on the receiving side", advice: "Drain the node and check its NVLink state (nvidia-smi nvlink --status). " + RESET, cause: "hardware" },
  149: { means: "NVLink network error", advice: "Drain the node and check its NVLink state (nvidia-smi nvlink --status). " + RESET, cause: "hardware" },
};

/** The code in a message such as "XID 79 on 0000:3b:00.0: …" or "NVRM: Xid (PCI:0000:3b:00): 79, …"; null when it names none. */
export function xidOf(message: string): number | null {
  const found = /\bxid\s+(\d{1,3})\b/i.exec(message) ?? /\bxid\s*\([^)]*\):\s*(\d{1,3})\b/i.exec(message);
  return found ? Number(found[1]) : null;
}

/** null for a code that is not in the table: better nothing than a guess. */
export function xidMeaning(code: number): XidMeaning | null {
  return XIDS[code] ?? null;
}
