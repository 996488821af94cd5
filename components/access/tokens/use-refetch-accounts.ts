import { useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../providers/api.tsx";

/** After a change of service accounts or of their tokens. */
export function useRefetchAccounts() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return () => Promise.all([queries.invalidateQueries(trpc.access.serviceAccounts.pathFilter()), queries.invalidateQueries(trpc.access.tokens.pathFilter())]);
}
