"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { packedWords, packFolder, type PackedCode, takeArchive } from "./pack-folder.ts";
import { uploadCode } from "./upload-code.ts";

export type UploadState =
  | { phase: "idle" }
  | { phase: "packing" | "uploading"; share: number }
  | { phase: "done"; sha256: string; words: string }
  | { phase: "failed"; message: string };

/** Packs, hashes and sends what was chosen; what the server already has is not sent again. */
export function useCodeUpload(onDone: (code: { kind: "archive"; sha256: string; bytes: number }) => void) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const org = useOrg();
  const [state, setState] = useState<UploadState>({ phase: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function start(pack: (onShare: (share: number) => void, signal: AbortSignal) => Promise<PackedCode>): Promise<void> {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    setState({ phase: "packing", share: 0 });
    try {
      const code = await pack((share) => setState({ phase: "packing", share }), signal);
      const { uploaded } = await client.fetchQuery({ ...trpc.experiments.codeUploaded.queryOptions({ sha256: code.sha256 }), staleTime: 0 });
      signal.throwIfAborted();
      if (!uploaded) {
        setState({ phase: "uploading", share: 0 });
        await uploadCode(org, code, (share) => setState({ phase: "uploading", share }), signal);
      }
      setState({ phase: "done", sha256: code.sha256, words: packedWords(code) });
      onDone({ kind: "archive", sha256: code.sha256, bytes: code.bytes });
    } catch (error) {
      if (signal.aborted) return;
      setState({ phase: "failed", message: error instanceof Error ? error.message : "It could not be packed." });
    }
  }
  return {
    state,
    takeFolder: (files: File[]) => void start((onShare, signal) => packFolder(files, onShare, signal)),
    takeArchive: (file: File) => void start(() => takeArchive(file)),
    stop: () => {
      running.current?.abort();
      setState({ phase: "idle" });
    },
  };
}
