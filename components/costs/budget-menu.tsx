"use client";
import { Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { BudgetView } from "../../domain/costs/cost-view.ts";
import { useTRPC } from "../providers/api.tsx";
import { ActsMenu, ArchiveItem } from "../ui/acts-menu.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import { ChangeBudgetDialog } from "./budget-form.tsx";

export function BudgetMenu({ budget, currency }: { budget: BudgetView; currency: string }) {
  const trpc = useTRPC();
  const [opened, dialog] = useDisclosure(false);
  const archive = useMutation(trpc.costs.archiveBudget.mutationOptions({ onSuccess: () => notifyDone(`${budget.name} archived.`), onError: notifyError(`${budget.name} was not archived`) }));
  const restore = useMutation(trpc.costs.restoreBudget.mutationOptions({ onSuccess: () => notifyDone(`${budget.name} restored.`), onError: notifyError(`${budget.name} was not restored`) }));
  const ask = () => confirmAct({ title: `Archive ${budget.name}?`, effect: "It limits nothing any more, and runs that it holds back go on. You can restore it later.", verb: "Archive budget", onConfirm: () => archive.mutate({ id: budget.id }) });
  return (
    <>
      <ActsMenu of={budget.name}>
        <Menu.Item leftSection={<IconPencil size={15} stroke={1.7} />} onClick={dialog.open}>Change</Menu.Item>
        <ArchiveItem archived={budget.archivedAt !== null} archive={ask} restore={() => restore.mutate({ id: budget.id })} />
      </ActsMenu>
      <ChangeBudgetDialog budget={budget} currency={currency} opened={opened} onClose={dialog.close} />
    </>
  );
}
