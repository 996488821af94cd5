import { join } from "node:path";
import type { NextConfig } from "next";

const ROOT = join(import.meta.dirname, "../..");

const config: NextConfig = {
  poweredByHeader: false,
  compress: false, // our server does not gzip small answers either
  typescript: { ignoreBuildErrors: true, tsconfigPath: "../../tsconfig.json" },
  serverExternalPackages: ["postgres", "pino", "pg-boss", "better-auth"],
  turbopack: { root: ROOT },
  outputFileTracingRoot: ROOT,
};

export default config;
