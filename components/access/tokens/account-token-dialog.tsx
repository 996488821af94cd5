"use client";
import { Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ServiceAccountView } from "../../../domain/access/people-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { NewTokenShown, TokenForm } from "./token-form.tsx";
import { useRefetchAccounts } from "./use-refetch-accounts.ts";

/** A new token of a service account, shown once. */
export function AccountTokenDialog({ account, opened, onClose }: { account: ServiceAccountView; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} closeOnClickOutside={false} title={`New token for ${account.name}`} size={480}>
      <NewToken account={account} onClose={onClose} />
    </Modal>
  );
}

function NewToken({ account, onClose }: { account: ServiceAccountView; onClose: () => void }) {
  const trpc = useTRPC();
  const refetch = useRefetchAccounts();
  const create = useMutation(trpc.access.createToken.mutationOptions({ onSuccess: refetch }));
  if (create.data) return <NewTokenShown {...create.data} onClose={onClose} />;
  const place = <p className="dim" style={{ margin: 0 }}>It works in {account.project.name} only.</p>;
  return <TokenForm offered={account.grantable} place={place} error={create.error} busy={create.isPending} onSubmit={(values) => create.mutate({ ...values, serviceAccountId: account.id })} />;
}
