"use client";
// A file of its own, so that it can be loaded by itself.
export { Select } from "@mantine/core";
