import { randomUUID } from "node:crypto";
import type { ObjectRef } from "../object-store.ts";

/** A place that nothing else ever had. */
export const newKey = (orgId: string, sha256: string): string => `${orgId}/${sha256.slice(0, 2)}/${sha256}.${randomUUID().slice(0, 8)}`;

/** Where an object lies; older releases kept it under its hash, for all organizations together. */
export const keyOf = ({ key, sha256 }: ObjectRef): string => key ?? `${sha256.slice(0, 2)}/${sha256}`;

/** Is this a key that we gave, of today or of older releases? Anything else in the store is not ours to list or remove. */
export const isKey = (key: string): boolean => /^(?:org_[0-9a-f-]{36}\/[0-9a-f]{2}\/[0-9a-f]{64}\.[0-9a-f]{8}|[0-9a-f]{2}\/[0-9a-f]{64})$/.test(key);

/** Where an upload gathers until it is whole. A store may be shared: what is called otherwise is somebody else's. */
export const UPLOADS = "uploads";
export const newUpload = (): string => `${UPLOADS}/${randomUUID()}`;
export const isUpload = (key: string): boolean => /^uploads\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key);
