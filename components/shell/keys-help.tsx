"use client";
import { modals } from "@mantine/modals";
import classes from "./shell.module.css";

const KEYS: [string, string[]][] = [
  ["All keys", ["?"]],
  ["Filter this list", ["/"]],
  ["New run", ["c"]],
  ["Next, previous row", ["j", "k"]],
  ["Open row", ["Enter"]],
  ["Select row", ["x"]],
  ["Peek at row", ["Space"]],
  ["Go to overview", ["g", "o"]],
  ["Go to runs", ["g", "r"]],
  ["Go to clusters", ["g", "c"]],
  ["Go to the queue", ["g", "q"]],
  ["Go to costs", ["g", "m"]],
  ["Close the top-most thing", ["Esc"]],
];

export function openKeysHelp(): void {
  const command = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
  modals.open({
    title: "Keyboard shortcuts",
    size: 560,
    children: (
      <dl className={classes.keys}>
        {[["Find anything", [command, "K"]] as const, ...KEYS].map(([what, keys]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dd>
          </div>
        ))}
      </dl>
    ),
  });
}
