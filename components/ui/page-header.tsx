import Link from "next/link";
import { formatCount } from "../../domain/shared/format.ts";
import { PublishCrumbs, type Crumb } from "../shell/crumbs.tsx";
import classes from "./ui.module.css";

/**
 * Title, count and the page's one primary action. `breadcrumbs` are the steps between the organization and this page; the
 * page's own name is added when it is plain text.
 */
export function PageHeader({ title, count, subtitle, actions, breadcrumbs, badge }: {
  title: React.ReactNode;
  count?: number;
  subtitle?: React.ReactNode;
  actions?: React.ReactNode;
  breadcrumbs?: Crumb[];
  badge?: React.ReactNode;
}) {
  return (
    <header className={classes.header}>
      {breadcrumbs && <PublishCrumbs crumbs={typeof title === "string" ? [...breadcrumbs, { label: title }] : breadcrumbs} />}
      <div className={classes.headerMain}>
        <div className={classes.headerTitle}>
          <h1>{title}</h1>
          {count !== undefined && <span className={classes.headerCount}>{formatCount(count)}</span>}
          {badge}
        </div>
        {subtitle && <div className={classes.headerSub}>{subtitle}</div>}
      </div>
      {actions && <div className={classes.headerActions}>{actions}</div>}
    </header>
  );
}

/** A part of a page: heading, a hairline, what it holds. `href` makes the heading's "all" link. */
export function Section({ title, count, href, more = "All", actions, children, id }: {
  title: string;
  count?: string | number;
  href?: string;
  more?: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
  id?: string;
}) {
  const headingId = id ?? `s-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return (
    <section className={classes.section} aria-labelledby={headingId}>
      <div className={classes.sectionHead}>
        <h2 id={headingId}>
          {title}
          {count !== undefined && <span className={classes.sectionCount}>{typeof count === "number" ? formatCount(count) : count}</span>}
        </h2>
        {href ? <Link href={href} className={classes.sectionMore} aria-label={`${more}: ${title}`}>{more}</Link> : actions}
      </div>
      {children}
    </section>
  );
}
