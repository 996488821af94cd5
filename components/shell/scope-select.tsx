"use client";
import { Menu } from "@mantine/core";
import { IconCheck, IconChevronDown } from "@tabler/icons-react";
import { parseAsString, useQueryState } from "nuqs";
import { useViewer } from "../providers/viewer.tsx";
import classes from "./shell.module.css";

/** Slug of the project the page is narrowed to; null for all that one may see. */
export function useProjectScope(): string | null {
  return useQueryState("project", parseAsString)[0];
}

/** Which project's things the pages show. In the URL, so that a colleague sees the same. */
export function ScopeSelect() {
  const { projects } = useViewer();
  const [project, setProject] = useQueryState("project", parseAsString.withOptions({ history: "push", shallow: false }));
  const chosen = projects.find((one) => one.slug === project);
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className={classes.picker} aria-label={`Project: ${chosen?.name ?? "all"}`}>
          <span className="cut">{chosen?.name ?? "All projects"}</span>
          <IconChevronDown size={14} style={{ flex: "none", color: "var(--text-faint)" }} />
        </button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
        <Menu.Item onClick={() => void setProject(null)} rightSection={!chosen && <IconCheck size={14} />}>All projects</Menu.Item>
        <Menu.Divider />
        {projects.map((one) => (
          <Menu.Item key={one.id} onClick={() => void setProject(one.slug)} rightSection={one.slug === project && <IconCheck size={14} />}>{one.name}{one.archived && <span className="dim"> archived</span>}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
