"use client";
import { ActionIcon, Button, Menu, NativeSelect, Popover, TextInput, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconClock, IconDownload, IconTextWrap } from "@tabler/icons-react";
import { useState } from "react";
import type { AttemptView } from "../../../domain/experiments/run-view.ts";
import { formatBytes, formatCount } from "../../../domain/shared/format.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { rawUrls } from "../raw-urls.ts";

/** Which try's log. Absent where there was only one. */
export function AttemptSelect({ attempts, value, onChange }: { attempts: AttemptView[]; value: AttemptView; onChange: (number: number | null) => void }) {
  if (attempts.length < 2) return null;
  const newest = attempts.at(-1)!.number;
  return (
    <NativeSelect
      aria-label="Attempt"
      w={190}
      data={attempts.toReversed().map((attempt) => ({ value: String(attempt.number), label: `Attempt ${attempt.number} · ${attempt.outcome ?? attempt.status}` }))}
      value={String(value.number)}
      onChange={({ currentTarget: { value: number } }) => onChange(Number(number) === newest ? null : Number(number))}
    />
  );
}

function StreamSelect({ value, onChange }: { value: "stdout" | "stderr" | null; onChange: (stream: "stdout" | "stderr" | null) => void }) {
  const data = [{ value: "all", label: "Both streams" }, { value: "stdout", label: "stdout" }, { value: "stderr", label: "stderr" }];
  return <NativeSelect aria-label="Stream" w={132} data={data} value={value ?? "all"} onChange={({ currentTarget: { value: next } }) => onChange(next === "stdout" || next === "stderr" ? next : null)} />;
}

function LevelSelect({ value, onChange }: { value: "error" | "warn" | null; onChange: (level: "error" | "warn" | null) => void }) {
  const data = [{ value: "all", label: "All lines" }, { value: "error", label: "Errors only" }, { value: "warn", label: "Warnings only" }];
  return <NativeSelect aria-label="Level" w={140} data={data} value={value ?? "all"} onChange={({ currentTarget: { value: next } }) => onChange(next === "error" || next === "warn" ? next : null)} />;
}

/** Which one of several processes. Absent where there is only one. */
function RankSelect({ ranks, value, onChange }: { ranks: number; value: number | null; onChange: (rank: number | null) => void }) {
  if (ranks < 2) return null;
  const data = [{ value: "all", label: "All ranks" }, ...Array.from({ length: ranks }, (_, rank) => ({ value: String(rank), label: `Rank ${rank}` }))];
  return <NativeSelect aria-label="Rank" w={116} data={data} value={value === null ? "all" : String(value)} onChange={({ currentTarget: { value: next } }) => onChange(next === "all" ? null : Number(next))} />;
}

interface Lines {
  stream: "stdout" | "stderr" | null;
  level: "error" | "warn" | null;
  rank: number | null;
}

/** Which of the lines: of one stream, of one level, of one rank. */
export function LineSelects({ ranks, stream, level, rank, onChange }: Lines & { ranks: number; onChange: (next: Partial<Lines> & { line?: null }) => void }) {
  return (
    <>
      <StreamSelect value={stream} onChange={(next) => onChange({ stream: next, line: null })} />
      <LevelSelect value={level} onChange={(next) => onChange({ level: next })} />
      <RankSelect ranks={ranks} value={rank} onChange={(next) => onChange({ rank: next })} />
    </>
  );
}

/** Wrap, times, go to a line, download. */
export function LogTools({ attempt, wrap, times, totalLines, onWrap, onTimes, onGo }: { attempt: AttemptView; wrap: boolean; times: boolean; totalLines: number; onWrap: () => void; onTimes: () => void; onGo: (line: number) => void }) {
  const org = useOrg();
  return (
    <>
      <Tooltip label={wrap ? "Long lines wrap" : "Long lines run on"}><ActionIcon aria-label="Wrap long lines" aria-pressed={wrap} variant={wrap ? "light" : "subtle"} color={wrap ? "heather" : "gray"} onClick={onWrap}><IconTextWrap size={16} /></ActionIcon></Tooltip>
      <Tooltip label="Times"><ActionIcon aria-label="Show times" aria-pressed={times} variant={times ? "light" : "subtle"} color={times ? "heather" : "gray"} onClick={onTimes}><IconClock size={16} /></ActionIcon></Tooltip>
      <GoToLine totalLines={totalLines} onGo={onGo} />
      <Menu>
        <Menu.Target><Tooltip label="Download"><ActionIcon aria-label="Download the log"><IconDownload size={16} /></ActionIcon></Tooltip></Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Attempt {attempt.number} · {formatBytes(attempt.log.bytes)}</Menu.Label>
          <Menu.Item component="a" href={rawUrls.log(org, attempt.id)} download>Both streams</Menu.Item>
          <Menu.Item component="a" href={rawUrls.log(org, attempt.id, "stdout")} download>stdout</Menu.Item>
          <Menu.Item component="a" href={rawUrls.log(org, attempt.id, "stderr")} download>stderr</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function GoToLine({ totalLines, onGo }: { totalLines: number; onGo: (line: number) => void }) {
  const [opened, { close, toggle }] = useDisclosure(false);
  const [line, setLine] = useState("");
  const go = (event: React.FormEvent) => {
    event.preventDefault();
    const number = Number(line.replaceAll(/[\s,]/g, "")); // as it is shown: 1,234
    if (!Number.isInteger(number) || number < 1) return;
    onGo(Math.min(number, Math.max(1, totalLines)));
    close();
  };
  return (
    <Popover opened={opened} onChange={(open) => !open && close()} trapFocus position="bottom-end">
      <Popover.Target><Button variant="default" onClick={toggle}>Go to line</Button></Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={go} style={{ display: "flex", gap: 8, alignItems: "flex-end" }}>
          <TextInput label={`Line, 1 to ${formatCount(totalLines)}`} value={line} onChange={(event) => setLine(event.currentTarget.value)} inputMode="numeric" w={150} data-autofocus />
          <Button type="submit">Go</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
