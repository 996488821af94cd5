"use client";
import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { ExportFormat } from "../../domain/shared/table-file.ts";

/** A table as a file, in the formats that Drover writes. @param children More files, as items of the same menu. */
export function DownloadMenu({ label = "Export", urlOf, children }: { label?: string; urlOf: (format: ExportFormat) => string; children?: React.ReactNode }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" leftSection={<IconDownload size={14} />}>{label}</Button></Menu.Target>
      <Menu.Dropdown>
        <DownloadItem href={urlOf("csv")}>CSV</DownloadItem>
        <DownloadItem href={urlOf("parquet")}>Parquet</DownloadItem>
        {children}
      </Menu.Dropdown>
    </Menu>
  );
}

export function DownloadItem({ href, children }: { href: string; children: React.ReactNode }) {
  return <Menu.Item component="a" href={href} download>{children}</Menu.Item>;
}
