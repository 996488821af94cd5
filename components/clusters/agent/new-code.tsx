"use client";
import { Button } from "@mantine/core";
import { useCan } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { useNewCode } from "./enrol-dialog.tsx";

/** A single-use command for the cluster's machine, and the wait for the agent that uses it. */
export function NewCodeButton({ primary }: { primary?: boolean }) {
  const { ask, isPending } = useNewCode();
  return <Guarded allowed={useCan("clusters:manage")}><Button {...(primary ? {} : { variant: "default", size: "compact-sm" })} loading={isPending} onClick={ask}>New enrolment code</Button></Guarded>;
}
