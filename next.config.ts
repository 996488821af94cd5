import type { NextConfig } from "next";

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  typescript: { ignoreBuildErrors: true }, // types are checked by ./drover test: a first start need not wait for it
  devIndicators: { position: "bottom-right" },
  serverExternalPackages: ["postgres", "pino", "pg-boss", "better-auth"],
  experimental: { optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@mantine/dates", "@mantine/form", "@mantine/modals", "@mantine/notifications", "@mantine/spotlight", "@tabler/icons-react"] },
  headers: async () => [
    {
      source: "/((?!embed/).*)", // frames of embedded reports have their own (server/costs/embed-headers.ts)
      headers: [
        { key: "x-content-type-options", value: "nosniff" },
        { key: "x-frame-options", value: "DENY" },
        { key: "content-security-policy", value: "frame-ancestors 'none'" },
        { key: "referrer-policy", value: "same-origin" },
      ],
    },
    // Other sites load this one script, and nothing else of ours.
    { source: "/drover-report.js", headers: [{ key: "access-control-allow-origin", value: "*" }, { key: "cross-origin-resource-policy", value: "cross-origin" }] },
  ],
};

export default config;
