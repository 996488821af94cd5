"use client";
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { TokenView } from "../../../domain/access/people-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { Ago } from "../../ui/time.tsx";

/** `mine`: one's own, which needs no permission. Nothing for a token that no longer works. */
export function RevokeToken({ token, mine }: { token: TokenView; mine: boolean }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const options = {
    onSuccess: () => Promise.all(["myTokens", "tokens", "serviceAccounts"].map((name) => queries.invalidateQueries(trpc.access[name as "tokens"].pathFilter()))).then(() => notifyDone(`The token ${token.name} was revoked.`)),
    onError: notifyError("The token was not revoked"),
  };
  const revokeMine = useMutation(trpc.access.revokeMyToken.mutationOptions(options));
  const revokeAny = useMutation(trpc.access.revokeToken.mutationOptions(options));
  const revoke = mine ? revokeMine : revokeAny;
  if (token.state !== "live") return null;
  const ask = () =>
    confirmAct({
      title: `Revoke the token ${token.name}?`,
      effect: <>Whatever uses it is refused from its next request on. {token.lastUsedAt ? <>It was last used <Ago at={token.lastUsedAt} />.</> : "It was never used."} This cannot be undone.</>,
      verb: "Revoke",
      onConfirm: () => revoke.mutate({ id: token.id }),
    });
  return <Button variant="subtle" color="gray" size="compact-xs" onClick={ask} loading={revoke.isPending} aria-label={`Revoke ${token.name}`}>Revoke</Button>;
}
