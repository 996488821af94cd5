"use client";
import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import Link from "next/link";
import { paths } from "../../paths.ts";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { CopyCommand } from "../ui/id.tsx";
import classes from "./overview.module.css";

/** What a new organization sees: three steps, each with the command or button that does it. */
export function GettingStarted({ clusterConnected, runSubmitted }: { clusterConnected: boolean; runSubmitted: boolean }) {
  const org = useOrg();
  const mayConnect = useCan("clusters:manage");
  const maySubmit = useCan("runs:submit");
  const mayInvite = useCan("members:manage");
  return (
    <ol className={classes.steps} aria-label="First steps">
      <Step number={1} done={clusterConnected} title="Connect a cluster" text="Name it and run one command on a machine that can start jobs. Its agent dials out: no port is opened, no key is copied.">
        <Guarded allowed={mayConnect}><Button component={Link} href={paths.connectCluster(org)} variant={clusterConnected ? "default" : "filled"}>Connect a cluster</Button></Guarded>
      </Step>
      <Step number={2} done={runSubmitted} title="Submit the first run" text="A classifier for handwritten digits: real data, plain Python, about a minute on one core. Watch its log and loss grow.">
        <CopyCommand command="./drover run examples/digits/run.yaml --follow" />
        <Guarded allowed={maySubmit}><Button component={Link} href={paths.newRun(org)} variant={clusterConnected && !runSubmitted ? "filled" : "default"}>Fill in the form instead</Button></Guarded>
      </Step>
      <Step number={3} done={false} title="Invite the others" text="Each gets a link. Roles hold for the organization, a team or one project.">
        <Guarded allowed={mayInvite}><Button component={Link} href={paths.people(org)} variant="default">Invite people</Button></Guarded>
      </Step>
    </ol>
  );
}

function Step({ number, done, title, text, children }: { number: number; done: boolean; title: string; text: string; children: React.ReactNode }) {
  return (
    <li className={classes.step}>
      <span className={classes.stepMark} data-done={done || undefined} aria-hidden="true">{done ? <IconCheck size={14} /> : number}</span>
      <div style={{ minWidth: 0 }}>
        <div className={classes.stepTitle}>{title}{done && <span className="dim" style={{ fontWeight: 400 }}> · done</span>}</div>
        <div className={classes.stepText}>{text}</div>
        <div className={classes.stepAct}>{children}</div>
      </div>
    </li>
  );
}
