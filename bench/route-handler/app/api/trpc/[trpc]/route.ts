import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { createContext } from "../../../../../../server/access/session.ts";
import { appRouter } from "../../../../../../server/trpc/root.ts";

// Drover's own procedures, served as most Next applications serve theirs: what bench/start.ts compares our server with.
const handler = (req: Request) => fetchRequestHandler({ endpoint: "/api/trpc", req, router: appRouter, createContext: () => createContext(req.headers) });

export { handler as GET, handler as POST };
