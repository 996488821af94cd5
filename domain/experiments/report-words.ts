/** Blocks of a report as text. Pure and without YAML's script: the comparison writes them too. */

export const CHART_TEMPLATE = "```chart\nmetric: loss\nsort: -created\nlimit: 10\n```";
export const RUNS_TEMPLATE = "```runs\nsort: -created\ncolumns: [status, name, metrics, duration, owner, created]\nlimit: 10\n```";

/** What a new report says until somebody writes over it. */
export const NEW_REPORT = `## What we asked\n\n## What we found\n\n${CHART_TEMPLATE}\n\n${RUNS_TEMPLATE}\n\n## What we do next\n`;

export interface ChartWords {
  metric: string;
  runs: readonly string[];
  x: string;
  group: string;
  /** Percent, 0 to 99. */
  smooth: number;
  logx: boolean;
  logy: boolean;
}

/** A chart of the comparison as a block to paste. Strings are quoted as JSON, which is YAML too. */
export function chartBlock({ metric, runs, x, group, smooth, logx, logy }: ChartWords): string {
  const lines = [
    `metric: ${JSON.stringify(metric)}`,
    `runs: [${runs.join(", ")}]`,
    ...(x === "step" ? [] : [`x: ${JSON.stringify(x)}`]),
    ...(group === "" ? [] : [`group: ${JSON.stringify(group)}`]),
    ...(smooth > 0 ? [`smooth: ${smooth}`] : []),
    ...(logx ? ["logx: true"] : []),
    ...(logy ? ["logy: true"] : []),
  ];
  return `\`\`\`chart\n${lines.join("\n")}\n\`\`\``;
}

/** Puts a block on lines of its own where the cursor is. @returns The new text, and where the cursor goes. */
export function insertBlock(text: string, at: number, block: string): { text: string; at: number } {
  const before = text.slice(0, at).replace(/\n*$/, "");
  const after = text.slice(at).replace(/^\n*/, "");
  const head = before === "" ? block : `${before}\n\n${block}`;
  return { text: `${head}\n${after === "" ? "" : `\n${after}`}`, at: head.length };
}
