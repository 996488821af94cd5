"use client";
import { ActionIcon, TextInput, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconRegex, IconSearch, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { formatBytes, formatCount, plural } from "../../../domain/shared/format.ts";
import type { LogSearch } from "./use-log-search.ts";
import classes from "./log.module.css";

interface Props {
  q: string;
  regex: boolean;
  search: LogSearch;
  /** Index of the match that is shown; null before the first. */
  at: number | null;
  onSearch: (q: string) => void;
  onRegex: (regex: boolean) => void;
  onStep: (step: 1 | -1) => void;
}

/** Search over the whole log: Enter finds the next, Shift+Enter the one before. */
export function LogSearchBox({ q, regex, search, at, onSearch, onRegex, onStep }: Props) {
  const [text, setText] = useState(q);
  useEffect(() => setText(q), [q]);
  function onKeyDown(event: React.KeyboardEvent): void {
    if (event.key === "Enter") {
      event.preventDefault();
      if (text === q) onStep(event.shiftKey ? -1 : 1);
      else onSearch(text);
    } else if (event.key === "Escape") {
      if (text) onSearch("");
      setText("");
    }
  }
  const issue = search.error ? (search.error as { message?: string }).message : null;
  return (
    <div className={classes.search} role="search">
      <TextInput
        data-filter-text
        aria-label="Search the log"
        placeholder="Search the whole log"
        value={text}
        error={issue}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        leftSection={<IconSearch size={14} />}
        rightSection={text ? <ActionIcon size={20} aria-label="Clear search" onClick={() => { setText(""); onSearch(""); }}><IconX size={13} /></ActionIcon> : <kbd aria-hidden="true">/</kbd>}
      />
      <Tooltip label="Regular expression (RE2)"><ActionIcon aria-label="Regular expression" aria-pressed={regex} variant={regex ? "light" : "subtle"} color={regex ? "heather" : "gray"} onClick={() => onRegex(!regex)}><IconRegex size={16} /></ActionIcon></Tooltip>
      {q !== "" && (
        <>
          <Tooltip label="Previous (Shift+Enter)"><ActionIcon aria-label="Previous match" disabled={search.matches.length === 0} onClick={() => onStep(-1)}><IconChevronUp size={16} /></ActionIcon></Tooltip>
          <Tooltip label="Next (Enter)"><ActionIcon aria-label="Next match" disabled={search.matches.length === 0} onClick={() => onStep(1)}><IconChevronDown size={16} /></ActionIcon></Tooltip>
          <span className={classes.found} role="status">{foundWords(search, at)}</span>
        </>
      )}
    </div>
  );
}

function foundWords({ matches, searching, more, scannedBytes }: LogSearch, at: number | null): string {
  if (searching && matches.length === 0) return scannedBytes > 0 ? `Searching… ${formatBytes(scannedBytes)}` : "Searching…";
  if (matches.length === 0) return "No match";
  const total = `${formatCount(matches.length)}${more ? "+" : ""}`;
  if (at !== null) return `${formatCount(at + 1)} of ${total}`;
  return more ? `${total} lines` : plural(matches.length, "line");
}
