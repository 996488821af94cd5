"use client";
import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { useCan } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";

const InviteForm = lazy(() => import("./invite-form.tsx").then((module) => ({ default: module.InviteForm })));

export function InviteButton() {
  const allowed = useCan("members:manage");
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <Guarded allowed={allowed}><Button onClick={dialog.open}>Invite</Button></Guarded>
      <Modal opened={opened} onClose={dialog.close} closeOnClickOutside={false} title="Invite somebody" size={440}>
        <Suspense fallback={null}><InviteForm onClose={dialog.close} /></Suspense>
      </Modal>
    </>
  );
}
