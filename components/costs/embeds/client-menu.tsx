"use client";
import { Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBan, IconCode, IconPencil, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { lazy } from "react";
import type { EmbedClientView, EmbedsView } from "../../../domain/costs/embed-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { ActsMenu } from "../../ui/acts-menu.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { FormDialog } from "../../ui/dialog-button.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";

const ClientForm = lazy(() => import("./client-form.tsx").then((module) => ({ default: module.ClientForm })));
const HowTo = lazy(() => import("./how-to.tsx").then((module) => ({ default: module.HowTo })));

const ICON = { size: 15, stroke: 1.7 };

export function ClientMenu({ client, view }: { client: EmbedClientView; view: EmbedsView }) {
  const trpc = useTRPC();
  const [changing, change] = useDisclosure(false);
  const [reading, how] = useDisclosure(false);
  const toggle = useMutation(trpc.costs.switchEmbedClient.mutationOptions({ onError: notifyError(`${client.name} was not changed`) }));
  const revoke = useMutation(trpc.costs.revokeEmbedClient.mutationOptions({ onSuccess: () => notifyDone(`Every token and session of ${client.name} is dead.`), onError: notifyError(`${client.name} was not revoked`) }));
  const disable = () => confirmAct({ title: `Disable ${client.name}?`, effect: "Its pages stop showing reports at once. You can enable it again.", verb: "Disable site", onConfirm: () => toggle.mutate({ id: client.id, disabled: true }) });
  const revokeAll = () => confirmAct({ title: `Revoke everything of ${client.name}?`, effect: "Every token and session from before now is dead. Its pages ask for new ones, signed with the same key; change the key too if it leaked.", verb: "Revoke all", onConfirm: () => revoke.mutate({ id: client.id }) });
  return (
    <>
      <ActsMenu of={client.name}>
        <Menu.Item leftSection={<IconCode {...ICON} />} onClick={how.open}>How to embed</Menu.Item>
        <Menu.Item leftSection={<IconPencil {...ICON} />} onClick={change.open}>Change</Menu.Item>
        {client.disabledAt ? <Menu.Item leftSection={<IconPlayerPlay {...ICON} />} onClick={() => toggle.mutate({ id: client.id, disabled: false })}>Enable</Menu.Item> : <Menu.Item leftSection={<IconPlayerPause {...ICON} />} onClick={disable}>Disable</Menu.Item>}
        <Menu.Item leftSection={<IconBan {...ICON} />} onClick={revokeAll}>Revoke tokens and sessions</Menu.Item>
      </ActsMenu>
      <FormDialog opened={changing} onClose={change.close} title={`Change ${client.name}`} width={560}><ClientForm view={view} client={client} onDone={change.close} /></FormDialog>
      <FormDialog opened={reading} onClose={how.close} title={`Show reports in ${client.name}`} width={640}><HowTo client={client} view={view} /></FormDialog>
    </>
  );
}
