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

/** Packs, hashes and sends what was chosen; what the server already has is not sent again. `onStart`: what was chosen before does not count any more. */
export function useCodeUpload(onStart: () => void, onDone: (code: { kind: "archive"; sha256: string; bytes: number }) => void) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const org = useOrg();
  const [state, setState] = useState<UploadState>({ phase: "idle" });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  async function start(pack: (onShare: (share: number) => void, signal: AbortSignal) => Promise<PackedCode>): Promise<void> {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    const show = (next: UploadState) => signal.aborted || setState(next); // one that was stopped may still be at a large file
    show({ phase: "packing", share: 0 });
    onStart();
    try {
      const code = await pack((share) => show({ phase: "packing", share }), signal);
      const { uploaded } = await client.fetchQuery({ ...trpc.experiments.codeUploaded.queryOptions({ sha256: code.sha256 }), staleTime: 0 });
      signal.throwIfAborted();
      if (!uploaded) {
        show({ phase: "uploading", share: 0 });
        await uploadCode(org, code, (share) => show({ phase: "uploading", share }), signal);
        signal.throwIfAborted();
      }
      show({ phase: "done", sha256: code.sha256, words: packedWords(code) });
      onDone({ kind: "archive", sha256: code.sha256, bytes: code.bytes });
    } catch (error) {
      show({ phase: "failed", message: error instanceof Error ? error.message : "It could not be packed." });
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
