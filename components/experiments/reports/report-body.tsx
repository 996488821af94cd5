"use client";
import Link from "next/link";
import { isValidElement, memo, type ComponentProps, type ReactNode, useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { isBlockKind, parseBlock } from "../../../domain/experiments/report-blocks.ts";
import { shortId } from "../../../domain/shared/format.ts";
import { isId } from "../../../domain/shared/id-format.ts";
import { paths } from "../../../paths.ts";
import { HighlightProvider } from "../../charts/highlight.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { WhyBox } from "../../ui/why-box.tsx";
import { ReportChart } from "./report-chart.tsx";
import { ReportRuns } from "./report-runs.tsx";
import classes from "./reports.module.css";

const PLUGINS = [remarkGfm];

/** A report's words: Markdown without HTML, with live charts and tables where a block asks for one. */
export const ReportBody = memo(function ReportBody({ body, project }: { body: string; project: string }) {
  const org = useOrg();
  const components = useMemo(() => componentsFor(org, project), [org, project]);
  return (
    <HighlightProvider>
      <div className={classes.body}><Markdown remarkPlugins={PLUGINS} components={components}>{body}</Markdown></div>
    </HighlightProvider>
  );
});

function componentsFor(org: string, project: string): Components {
  return {
    // The page's own title is the only heading of the first level.
    h1: ({ children }) => <h2>{children}</h2>,
    a: ({ href, children }) => <TextLink href={href}>{children}</TextLink>,
    // Not loaded: an image elsewhere would tell its owner who reads this.
    img: ({ src, alt }) => <TextLink href={typeof src === "string" ? src : undefined}>{alt || "image"}</TextLink>,
    table: ({ children }) => <div className={classes.scroll} tabIndex={0} role="group" aria-label="Table"><table>{children}</table></div>,
    code: ({ children, className }) => (typeof children === "string" && isId("run", children) ? <Link href={paths.run(org, children)} className="mono" title={children}>{shortId(children)}</Link> : <code className={className}>{children}</code>),
    pre: ({ children }) => <Fenced project={project}>{children}</Fenced>,
  };
}

function TextLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  if (!href) return <>{children}</>;
  if (/^(\/(?!\/)|#)/.test(href)) return <Link href={href}>{children}</Link>;
  return <a href={href} target="_blank" rel="noopener noreferrer nofollow">{children}</a>;
}

/** A block that has a meaning becomes what it asks for; any other is text as written. */
function Fenced({ children, project }: { children: ReactNode; project: string }) {
  const code = isValidElement<ComponentProps<"code">>(children) ? children.props : null;
  const kind = /language-(\w+)/.exec(code?.className ?? "")?.[1] ?? "";
  const text = typeof code?.children === "string" ? code.children : "";
  const said = useMemo(() => (isBlockKind(kind) ? parseBlock(kind, text) : null), [kind, text]);
  if (said === null) return <pre className={classes.scroll} tabIndex={0} aria-label="Code">{children}</pre>;
  if ("problem" in said) return <WhyBox tone="warn" title={`This ${kind} block cannot be shown`} detail={said.problem} />;
  return said.block.kind === "chart" ? <ReportChart block={said.block} project={project} /> : <ReportRuns block={said.block} project={project} />;
}
