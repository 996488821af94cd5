import type { Metadata } from "next";
import { ConnectPage } from "../../../../../components/clusters/connect-page.tsx";

export const metadata: Metadata = { title: "Connect a cluster" };

export default function Connect() {
  return <ConnectPage />;
}
