"use client";
import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { FOCUS_DATASETS, FOCUS_VERSIONS, type FocusDataset, hasDataset } from "../../domain/costs/focus.ts";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { DownloadItem } from "../ui/download-menu.tsx";
import { focusUrl } from "./costs-params.ts";

const LABEL: Record<FocusDataset, string> = { "cost-and-usage": "Cost and usage", "billing-period": "Billing period", "invoice-detail": "Invoice detail" };

/** Every charge of a month as FOCUS files, for whoever may see all of them. */
export function FocusMenu({ period }: { period: string }) {
  const org = useOrg();
  if (!useCan("costs:manage").ok) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" leftSection={<IconDownload size={14} />}>FOCUS</Button></Menu.Target>
      <Menu.Dropdown>
        {FOCUS_VERSIONS.flatMap((version) => [
          <Menu.Label key={version}>FOCUS {version}, every charge</Menu.Label>,
          ...FOCUS_DATASETS.filter((dataset) => hasDataset(dataset, version)).flatMap((dataset) => [
            <DownloadItem key={`${version} ${dataset} csv`} href={focusUrl(org, { dataset, version, format: "csv", period })}>{LABEL[dataset]}, CSV</DownloadItem>,
            <DownloadItem key={`${version} ${dataset} parquet`} href={focusUrl(org, { dataset, version, format: "parquet", period })}>{LABEL[dataset]}, Parquet</DownloadItem>,
          ]),
        ])}
      </Menu.Dropdown>
    </Menu>
  );
}
